import { readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { digest } from '../base/digest.ts'
import type { RelPath } from '../base/project-path.ts'
import { fromRelPath, toRelPath } from '../base/project-path.ts'
import type { BuildInputs, InputFile, InputOrigin } from '../bundle/build-inputs.ts'
import type { OutputBuild } from '../bundle/output-build.ts'
import type { SyncFs } from '../load/sync-fs.ts'

/** What is read of esbuild's report, before or after `readMetafile()` has completed it. */
export interface ReportedInputs {
  readonly inputs: Readonly<Record<string, { readonly imports: readonly ReportedImport[] }>>
}

interface ReportedImport {
  readonly path: string
  readonly external?: boolean
  readonly original?: string
}

/** What is known of a build that is over. */
export interface FinishedBuild {
  readonly build: OutputBuild
  readonly report: ReportedInputs
  /** Wall time before esbuild was called. */
  readonly startedAt: number
}

/**
 * Lists what an output build depends on, from esbuild's report and the disk.
 *
 * esbuild read the files itself, so they are hashed now, as files that plugins read are: one that
 * changed since the build started makes the list useless, because nobody knows which bytes went
 * into the outputs. Beside the files it names what decides how imports are found: the nearest
 * package.json and tsconfig.json of each folder, the places where a package was not, links, and
 * the names in the project's folders.
 *
 * @returns the reason, as a text, when this build cannot be remembered
 */
export async function collectOutputInputs(
  finished: FinishedBuild,
  fs: SyncFs,
): Promise<BuildInputs | string> {
  const collection = new Collection(finished, fs)
  await collection.collect()
  return collection.reason ?? collection.inputs()
}

/** Lists the same of a build whose outputs are not to be remembered: to watch them. */
export async function listOutputInputs(
  build: OutputBuild,
  report: ReportedInputs,
  fs: SyncFs,
): Promise<BuildInputs> {
  const collection = new Collection({ build, report, startedAt: Infinity }, fs)
  await collection.collect()
  return collection.inputs()
}

/** File systems count time in steps; what changed this shortly before is not told from later. */
const STEP_MS = 20
/** Those that only know whole seconds (HFS+, some network mounts) need more. */
const COARSE_STEP_MS = 2000

const TSCONFIG_NAMES = ['tsconfig.json', 'jsconfig.json'] as const

class Collection {
  reason: string | undefined
  readonly #finished: FinishedBuild
  readonly #fs: SyncFs
  readonly #files = new Map<RelPath, InputFile>()
  readonly #dirs = new Map<RelPath, BuildInputs['dirs'][number]>()
  readonly #links = new Map<RelPath, string>()
  readonly #absent = new Set<RelPath>()
  readonly #walked = new Set<string>()
  readonly #folders = new Set<RelPath>()
  readonly #parents = new Map<RelPath, RelPath>()
  readonly #extended = new Set<RelPath>()

  constructor(finished: FinishedBuild, fs: SyncFs) {
    this.#finished = finished
    this.#fs = fs
  }

  inputs(): BuildInputs {
    return {
      files: [...this.#files.values()],
      dirs: [...this.#dirs.values()],
      symlinks: [...this.#links],
      absent: [...this.#absent],
      env: [['NODE_PATH', digest(this.#fs.env('NODE_PATH') ?? '')]],
    }
  }

  async collect(): Promise<void> {
    const { build, report } = this.#finished
    for (const entry of build.entries) this.#addLinks(posix.normalize(entry))
    for (const [name, { imports }] of Object.entries(report.inputs)) {
      if (name.startsWith('<')) continue // esbuild's own, such as <runtime> and <define:NAME>
      const path = this.#addInput(name)
      if (path === undefined) return
      for (const { original, external, path: target } of imports) {
        if (original !== undefined && external !== true) this.#addImport(path, original, target)
      }
    }
    this.#addIfThere('.pnp.cjs', 'config')
    if (build.tsconfig !== undefined) this.#addTsconfig(build.tsconfig)
    await this.#addExtended()
  }

  #addInput(name: string): RelPath | undefined {
    const plain = name.replace(/^\(disabled\):/, '')
    const path = [plain, plain.replace(/[?#].*$/, '')].find((item) =>
      this.#readFile(item, 'bundle'),
    )
    if (path === undefined) {
      this.reason = `the input "${name}" cannot be read`
      return undefined
    }
    this.#addFolder(dirOf(path))
    return path
  }

  /** What many files of one folder share is looked at once. */
  #addFolder(dir: RelPath): void {
    if (this.#folders.has(dir)) return
    this.#folders.add(dir)
    this.#addDir(dir)
    this.#walkUp(dir, ['package.json'], 'package')
    if (this.#finished.build.tsconfig === undefined && !inModules(dir)) {
      this.#walkUp(dir, TSCONFIG_NAMES, 'tsconfig')
    }
  }

  #addFile(path: RelPath, origin: InputOrigin): void {
    if (!this.#readFile(path, origin)) this.reason = `the input "${path}" cannot be read`
  }

  #readFile(path: RelPath, origin: InputOrigin): boolean {
    if (this.#files.has(path)) return true
    const read = this.#fs.hash(path)
    if (read === undefined) return false
    const { size, mtimeMs, ctimeMs, ino } = read.stat
    if (this.#isYoung(ctimeMs)) this.reason = `the input "${path}" changed during the build`
    this.#files.set(path, [path, read.sha256, size, mtimeMs, ctimeMs, ino, origin])
    return true
  }

  #addIfThere(path: RelPath, origin: InputOrigin): boolean {
    if (this.#fs.stat(path) === undefined) {
      this.#absent.add(path)
      return false
    }
    this.#addFile(path, origin)
    return true
  }

  #addDir(dir: RelPath): void {
    if (dir.startsWith('..') || inModules(dir)) return
    const stat = this.#fs.stat(dir)
    const names = this.#fs.names(dir, '')
    if (stat === undefined || names === undefined) return
    const writes = this.#finished.build.outdir ?? dirOf(this.#finished.build.outfile ?? '')
    const holdsOutputs = dir === '' || writes === dir || writes.startsWith(`${dir}/`)
    if (this.#isYoung(stat.mtimeMs) && !holdsOutputs) {
      this.reason = `the folder "${dir}" changed during the build`
    }
    this.#dirs.set(dir, [dir, stat.mtimeMs, names])
  }

  /** Records the nearest of some files, and that those nearer are not there. */
  #walkUp(from: RelPath, names: readonly string[], kind: string): void {
    for (let dir = from; ; dir = this.#parentOf(dir)) {
      const mark = `${kind}\0${dir}`
      if (this.#walked.has(mark)) return
      this.#walked.add(mark)
      for (const name of names) {
        const path = below(dir, name)
        if (kind === 'tsconfig' ? this.#addTsconfig(path) : this.#addIfThere(path, 'config')) return
      }
      if (dir === this.#parentOf(dir)) return
    }
  }

  #addTsconfig(path: RelPath): boolean {
    const found = this.#addIfThere(path, 'config')
    if (found) this.#extended.add(path)
    return found
  }

  /** The chain of `extends`; its reader is imported only when a tsconfig has one. */
  async #addExtended(): Promise<void> {
    const { root } = this.#finished.build
    const extended = [...this.#extended].filter((path) => mayExtend(fromRelPath(root, path)))
    if (extended.length === 0) return
    const { readTsconfig } = await import('../resolve/tsconfig.ts')
    for (const path of extended) {
      const chain = readTsconfig(fromRelPath(root, path))
      for (const file of chain?.files ?? []) this.#addFile(toRelPath(root, file), 'config')
      for (const file of chain?.missed ?? []) this.#absent.add(toRelPath(root, file))
    }
  }

  /** A package: where it was not found, and the link that leads to it. A path: links on its way. */
  #addImport(importer: RelPath, original: string, target: RelPath): void {
    if (original.startsWith('.')) {
      const written = join(dirOf(importer), original)
      // TypeScript is imported by the name of its output: "./a.js" is a.ts.
      if (target.startsWith(written)) return
      if (!target.startsWith(written.replace(/\.[cm]?jsx?$/, ''))) this.#addLinks(written)
      return
    }
    const name = /^(?:@[^/]+\/)?[^/@#.][^/]*/.exec(original)?.[0]
    if (name === undefined) return
    for (let dir = dirOf(importer); ; dir = this.#parentOf(dir)) {
      const mark = `modules\0${dir}\0${name}`
      if (this.#walked.has(mark)) return
      this.#walked.add(mark)
      if (this.#addPackage(dir, name) || dir === this.#parentOf(dir)) return
    }
  }

  #addPackage(dir: RelPath, name: string): boolean {
    if (posix.basename(dir) === 'node_modules') return false
    const modules = below(dir, 'node_modules')
    if (this.#fs.stat(modules) === undefined) {
      this.#absent.add(modules)
      return false
    }
    const path = `${modules}/${name}`
    this.#addLink(path)
    if (this.#fs.stat(path) !== undefined) return true
    this.#absent.add(path)
    return false
  }

  #addLinks(path: RelPath): void {
    const segments = path.split('/')
    for (let count = 1; count <= segments.length; count += 1) {
      const part = segments.slice(0, count).join('/')
      for (const candidate of count === segments.length ? withExtensions(part) : [part]) {
        this.#addLink(candidate)
      }
    }
  }

  /** Asking about what is no link costs an exception, so it is done once. */
  #addLink(path: RelPath): void {
    const mark = `link\0${path}`
    if (this.#walked.has(mark)) return
    this.#walked.add(mark)
    const link = this.#fs.link(path)
    if (link !== undefined) this.#links.set(path, link)
  }

  /** The folder above; above the root come `..`, `../..` up to the top of the file system. */
  #parentOf(dir: RelPath): RelPath {
    if (dir.includes('/') && !dir.startsWith('..')) return dirOf(dir)
    let parent = this.#parents.get(dir)
    if (parent === undefined) {
      parent = parentOf(dir, this.#finished.build.root)
      this.#parents.set(dir, parent)
    }
    return parent
  }

  #isYoung(changedMs: number): boolean {
    const step = changedMs % 1000 === 0 ? COARSE_STEP_MS : STEP_MS
    return changedMs >= this.#finished.startedAt - step
  }
}

const EXTENSIONS = ['', '.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs', '.json']

function withExtensions(path: string): string[] {
  return EXTENSIONS.map((extension) => path + extension)
}

function dirOf(path: RelPath): RelPath {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

function parentOf(dir: RelPath, root: string): RelPath {
  const absolute = fromRelPath(root, dir)
  const parent = fromRelPath(absolute, '..')
  return parent === absolute ? dir : toRelPath(root, parent)
}

/** Both are normalised: `posix.join` would cost a microsecond. */
function below(dir: RelPath, name: string): RelPath {
  return dir === '' ? name : `${dir}/${name}`
}

/** As `posix.join`, which costs a microsecond; most specifiers need no normalising. */
function join(dir: RelPath, specifier: string): RelPath {
  let from = dir
  let rest = specifier.startsWith('./') ? specifier.slice(2) : specifier
  while (rest.startsWith('../') && from !== '' && !from.startsWith('..')) {
    from = dirOf(from)
    rest = rest.slice(3)
  }
  if (!/^[^./]/.test(rest) || /\/(?:[./]|$)/.test(rest)) return posix.join(dir, specifier)
  return from === '' ? rest : `${from}/${rest}`
}

/** A name in JSON may be written with escapes. */
function mayExtend(tsconfig: string): boolean {
  return /extends|\\u/.test(readFileSync(tsconfig, 'utf8'))
}

function inModules(dir: RelPath): boolean {
  return dir.split('/').includes('node_modules')
}
