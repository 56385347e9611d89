import { realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { readPackageJson, type PackageJson } from './json-file.ts'
import { PackageLists } from './package-lists.ts'
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

  /** Outlives `clear()`: it asks the disk whether anything has changed. */
  readonly #lists: PackageLists

  constructor(root: string, clock: Pick<Clock, 'now'>) {
    this.#root = root
    this.#lists = new PackageLists(clock)
  }

  /**
   * Returns the nearest package.json at or above a folder that names or needs anything.
   *
   * One that does neither, as `{"type": "module"}` beside build output, marks a module system.
   */
  nearest(folder: string): NearestPackage | undefined {
    const known = this.#nearest.get(folder)
    if (known !== undefined || this.#nearest.has(folder)) return known
    const own = readPackageJson(join(folder, 'package.json'), this.#root)
    const parent = dirname(folder)
    const says = own !== undefined && (own.name !== undefined || own.declared.size > 0)
    let found: NearestPackage | undefined
    if (says) found = { ...own, folder }
    else if (parent !== folder) found = this.nearest(parent)
    this.#nearest.set(folder, found)
    return found
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
  readonly installed: ReadonlySet<string>
}

/**
 * Looks into the node_modules folders of the root and its ancestors, and into those of every
 * workspace package found on the way, because pnpm links a package's own dependencies there.
 */
function scanWorkspace(root: string, lists: PackageLists): WorkspaceScan {
  const workspace = new Set<string>()
  const installed = new Set<string>()
  const seen = new Set<string>()
  const queue = [root]
  for (let at = root; dirname(at) !== at; at = dirname(at)) queue.push(dirname(at))
  for (let folder = queue.shift(); folder !== undefined; folder = queue.shift()) {
    if (seen.has(folder)) continue
    seen.add(folder)
    const { found, linked } = packagesIn(join(folder, 'node_modules'), lists)
    for (const name of found) installed.add(name)
    for (const [name, target] of linked) {
      const isLocal = !isInstalled(root, target)
      ;(isLocal ? workspace : installed).add(name)
      if (isLocal) queue.push(target)
    }
  }
  return { workspace, installed }
}

/** Lists the packages of a node_modules folder; links are followed, folders are not. */
function packagesIn(
  folder: string,
  lists: PackageLists,
): { readonly found: readonly string[]; readonly linked: readonly [string, string][] } {
  const top = lists.of(folder, '')
  const scoped = top.scopes.map((scope) => lists.of(join(folder, scope), `${scope}/`))
  const linked: [string, string][] = []
  for (const name of [top, ...scoped].flatMap(({ links }) => links)) {
    const target = realPath(join(folder, name))
    if (target !== undefined) linked.push([name, target])
  }
  return { found: [top, ...scoped].flatMap(({ folders }) => folders), linked }
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync.native(path)
  } catch {
    return undefined
  }
}
