import { realpathSync } from 'node:fs'
import { basename, dirname, join, sep } from 'node:path'
import type { Clock } from '../base/clock.ts'
import type { PackageJson } from './json-file.ts'
import { PackageFiles } from './package-files.ts'
import { PackageLists, type ListMemory, type PackageList } from './package-lists.ts'
import { isInstalled } from './specifier.ts'

/** A package.json and the folder it rules. */
export interface NearestPackage extends PackageJson {
  readonly folder: string
}

/**
 * What package.json files and node_modules folders say; remembered until `clear()`.
 */
export class Packages {
  readonly #root: string
  readonly #nearest = new Map<string, NearestPackage | undefined>()
  readonly #workspaceFolders = new Map<string, string | undefined>()
  #workspace: WorkspaceScan | undefined

  /** These outlive `clear()`: they ask the disk whether anything has changed. */
  readonly #lists: PackageLists
  readonly #files: PackageFiles

  constructor(root: string, clock: Pick<Clock, 'now'>, memory?: ListMemory) {
    this.#root = root
    this.#lists = new PackageLists(clock, memory)
    this.#files = new PackageFiles(root, clock)
  }

  /**
   * Returns the nearest package.json at or above a folder that names or needs anything.
   *
   * One that does neither, as `{"type": "module"}` beside build output, marks a module system.
   */
  nearest(folder: string): NearestPackage | undefined {
    const known = this.#nearest.get(folder)
    if (known !== undefined || this.#nearest.has(folder)) return known
    const own = this.#files.of(join(folder, 'package.json'))
    const parent = dirname(folder)
    const says = own !== undefined && (own.name !== undefined || own.declared.size > 0)
    let found: NearestPackage | undefined
    if (says) found = { ...own, folder }
    else if (parent !== folder) found = this.nearest(parent)
    this.#nearest.set(folder, found)
    return found
  }

  /** Returns what the nearest package.json with a version says, within the package of a folder. */
  versionAt(folder: string): string | undefined {
    const version = this.#files.of(join(folder, 'package.json'))?.version
    const parent = dirname(folder)
    if (version !== undefined || parent === folder || basename(parent) === 'node_modules') {
      return version
    }
    return this.versionAt(parent)
  }

  /**
   * Returns the folder of a workspace package as seen from a folder: the nearest
   * `node_modules/<name>` whose real path has no `node_modules` in it.
   */
  workspaceFolder(name: string, folder: string): string | undefined {
    const key = `${folder}\0${name}`
    const known = this.#workspaceFolders.get(key)
    if (known !== undefined || this.#workspaceFolders.has(key)) return known
    const target = this.#firstInstall(name, folder)
    const found = target === undefined || isInstalled(this.#root, target) ? undefined : target
    this.#workspaceFolders.set(key, found)
    return found
  }

  /** Names every workspace package, and every installed one, that the project can reach. */
  scan(): WorkspaceScan {
    this.#workspace ??= scanWorkspace(this.#root, this.#lists)
    return this.#workspace
  }

  clear(): void {
    this.#nearest.clear()
    this.#workspaceFolders.clear()
    this.#workspace = undefined
  }

  #firstInstall(name: string, folder: string): string | undefined {
    const target = realPath(join(folder, 'node_modules', name))
    if (target !== undefined || dirname(folder) === folder) return target
    return this.#firstInstall(name, dirname(folder))
  }
}

interface WorkspaceScan {
  readonly workspace: ReadonlySet<string>
  /** Put together when asked for: these are hundreds, and a start does not need them. */
  readonly installed: ReadonlySet<string>
}

/**
 * Looks into the node_modules folders of the root and its ancestors, and into those of every
 * workspace package found on the way, because pnpm links a package's own dependencies there.
 */
function scanWorkspace(root: string, packages: PackageLists): WorkspaceScan {
  const workspace = new Set<string>()
  const elsewhere: string[] = []
  const lists: PackageList[] = []
  const seen = new Set<string>()
  const queue = [root]
  for (let at = root; dirname(at) !== at; at = dirname(at)) queue.push(dirname(at))
  for (let folder = queue.shift(); folder !== undefined; folder = queue.shift()) {
    if (seen.has(folder)) continue
    seen.add(folder)
    const modules = join(folder, 'node_modules')
    const found = packagesIn(modules, packages)
    lists.push(...found)
    for (const name of found.flatMap(({ links }) => links)) {
      const target = realPath(join(modules, name))
      if (target === undefined) continue
      const isLocal = !isInstalled(root, target)
      if (isLocal) queue.push(target)
      if (isLocal) workspace.add(name)
      else elsewhere.push(name)
    }
  }
  let installed: ReadonlySet<string> | undefined
  return {
    workspace,
    get installed() {
      installed ??= new Set([...elsewhere, ...lists.flatMap(({ folders }) => folders)])
      return installed
    },
  }
}

/** Lists the packages of a node_modules folder and of the scopes in it. */
function packagesIn(modules: string, packages: PackageLists): readonly PackageList[] {
  const top = packages.of(modules, '')
  return [top, ...top.scopes.map((scope) => packages.of(modules + sep + scope, `${scope}/`))]
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync.native(path)
  } catch {
    return undefined
  }
}
