import type { Dirent, Stats } from 'node:fs'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'
import { digest } from '../base/digest.ts'
import type { RelPath } from '../base/project-path.ts'
import { fromRelPath, isInside, isModuleUrl, toRelPath } from '../base/project-path.ts'
import type { BuildInputs, InputFile, InputOrigin } from './build-inputs.ts'
import { ConfigInputs } from './config-inputs.ts'
import { allNamesDigest, dirNamesDigest, isSourceName } from './dir-names.ts'
import type { InputCollector, ReadInput } from './inputs.ts'
import { inputFile, inputRow, readInput } from './inputs.ts'
import type { DerivedInputs, KeptFacts } from './kept-facts.ts'
import type { BuildMetafile } from './metafile.ts'
import type { PathMapping } from '../resolve/tsconfig.ts'
import { isPath, Probes } from './probes.ts'

/** What all entries of one build share. */
export interface BuildFacts {
  readonly root: string
  readonly tsconfig: string | undefined
  readonly collector: InputCollector
  /** Wall time around the build, ms: what changed in between is not trusted. */
  readonly startedAt: number
  readonly endedAt: number
  /** What plugins declare; paths absolute. */
  readonly declared: {
    readonly files: readonly string[]
    readonly dirs: readonly string[]
    readonly env: readonly string[]
  }
  readonly env: Readonly<Record<string, string | undefined>>
  readonly uncacheable: string | undefined
  /** What earlier builds of a hot entry have learnt. */
  readonly kept?: KeptFacts | undefined
}

/** An import that led nowhere. */
export interface MissingImport {
  readonly importer: RelPath
  readonly specifier: string
}

/** Makes the inputs of the entries of one build; what they have in common is looked at once. */
export class InputsDeriver {
  readonly #facts: BuildFacts
  readonly #config: ConfigInputs
  readonly #afterwards = new Map<string, ReadInput | undefined>()
  readonly #dirs = new Map<string, BuildInputs['dirs'][number] | undefined>()

  constructor(facts: BuildFacts) {
    this.#facts = facts
    this.#config = new ConfigInputs(facts.root, facts.tsconfig)
  }

  /** The inputs of an entry that was built. */
  ofGraph(graph: BuildMetafile): BuildInputs {
    const { kept, root, startedAt } = this.#facts
    if (kept === undefined || this.#hasPluginInputs()) return this.#derive(graph)
    const known = this.#refreshed(kept.derived(graph))
    if (known !== undefined) return known
    const inputs = this.#derive(graph)
    kept.remember(graph, inputs, root, startedAt)
    return inputs
  }

  #hasPluginInputs(): boolean {
    const { collector, declared } = this.#facts
    const { files, dirs, env } = declared
    const named = [files.length, dirs.length, env.length]
    return Math.max(...named, collector.watchFiles.size, collector.watchDirs.size) > 0
  }

  /** The inputs of an equal graph with what the files hold now. */
  #refreshed(derived: DerivedInputs | undefined): BuildInputs | undefined {
    if (derived === undefined) return undefined
    const files: InputFile[] = []
    for (const [index, row] of derived.inputs.files.entries()) {
      const file = derived.files[index] ?? ''
      const [path, , , , , , origin] = row
      const read = this.#facts.collector.get(file)
      if ((read !== undefined) !== (origin === 'bundle')) return undefined
      const now = read === undefined ? this.#record(file, origin) : inputRow(path, read, origin)
      // Configuration says where more of it lies.
      if (now === undefined || (read === undefined && now[1] !== row[1])) return undefined
      files.push(now)
    }
    return { ...derived.inputs, files }
  }

  #derive(graph: BuildMetafile): BuildInputs {
    const sources = Object.keys(graph.inputs)
      .filter((path) => !isModuleUrl(path))
      .map((path) => this.#absolute(path))
    const probes = new Probes(this.#facts.root)
    // The files of a folder import much the same: each import is looked into once.
    const seen = new Set<string>()
    for (const [path, input] of Object.entries(graph.inputs)) {
      // Where its specifiers lead is for the plugin to say; no file can stand in the way.
      if (isModuleUrl(path)) continue
      const folder = path.slice(0, path.lastIndexOf('/') + 1)
      for (const { external, original, path: target } of input.imports) {
        const key = `${folder}\0${original ?? ''}\0${target}\0${String(external)}`
        if (seen.has(key)) continue
        seen.add(key)
        if (isModuleUrl(target)) continue
        const importer = this.#absolute(path)
        // A package for Node, unless a file appears where tsconfig.json maps its name to.
        if (external) this.#probeMapping(probes, importer, target)
        if (external || original === undefined || original.includes('*')) continue
        this.#probe(probes, importer, original, this.#absolute(target))
      }
    }
    return this.#inputs(sources, probes, globFolders(this.#facts.root, graph), 'success')
  }

  /** What is known of an entry that failed: every file the build read, and what it missed. */
  ofFailure(entry: RelPath, missing: readonly MissingImport[]): BuildInputs {
    const own = isModuleUrl(entry) ? [] : [this.#absolute(entry)]
    const sources = new Set([...own, ...this.#facts.collector.files])
    const probes = new Probes(this.#facts.root)
    for (const { importer, specifier } of missing) {
      if (isModuleUrl(importer)) continue
      this.#probe(probes, this.#absolute(importer), specifier, undefined)
    }
    return this.#inputs([...sources], probes, [], 'failure')
  }

  /** The pattern of `paths` that decides for an import that is no path. */
  mappingOf(importer: RelPath, specifier: string): PathMapping | undefined {
    if (isPath(specifier) || isBuiltin(specifier) || isModuleUrl(importer)) return undefined
    return this.#config.of(dirname(this.#absolute(importer))).tsconfig?.mapping(specifier)
  }

  #probe(probes: Probes, importer: string, specifier: string, file: string | undefined): void {
    const tsconfig = isPath(specifier) ? undefined : this.#config.of(dirname(importer)).tsconfig
    probes.add({ importer, specifier, file, tsconfig })
  }

  #probeMapping(probes: Probes, importer: string, specifier: string): void {
    if (isPath(specifier) || isBuiltin(specifier)) return
    probes.addMapping(specifier, this.#config.of(dirname(importer)).tsconfig)
  }

  #inputs(
    sources: readonly string[],
    probes: Probes,
    globbed: readonly string[],
    outcome: 'success' | 'failure',
  ): BuildInputs {
    const { root, collector, declared, env, uncacheable } = this.#facts
    const files = new Map<string, InputFile>()
    const absent = new Set(probes.absent)
    const folders = new Set(globbed)
    const add = (file: string, origin: InputOrigin): void => {
      if (files.has(file)) return
      const record = this.#record(file, origin)
      if (record === undefined) absent.add(file)
      else files.set(file, record)
    }
    for (const file of sources) {
      if (collector.get(file) === undefined && !existsSync(file)) {
        if (outcome === 'failure') absent.add(file)
        continue
      }
      add(file, collector.get(file) === undefined ? 'plugin' : 'bundle')
      folders.add(dirname(file))
    }
    for (const folder of folders) {
      const config = this.#config.of(folder)
      for (const file of config.files) add(file, 'config')
      for (const file of config.absent) absent.add(file)
    }
    for (const file of [...collector.watchFiles.keys(), ...declared.files]) add(file, 'plugin')
    const dirs = this.#folders(folders, [...collector.watchDirs.keys(), ...declared.dirs])
    const covered = new Set(outcome === 'success' ? dirs.keys() : [])
    return {
      files: [...files.values()].toSorted(byPath),
      dirs: [...dirs.values()].toSorted(byPath),
      symlinks: [...probes.symlinks].map(([at, to]) => [toRelPath(root, at), to] as const),
      absent: [...absent]
        .filter((file) => !covered.has(dirname(file)) || !isCounted(basename(file)))
        .map((file) => toRelPath(root, file))
        .toSorted(),
      env: declared.env.map((name) => [name, digest(env[name] ?? '')] as const),
      ...(uncacheable === undefined ? {} : { uncacheable }),
    }
  }

  /** Folders in the project, where a new name may shadow an input; and all that plugins watch. */
  #folders(
    folders: ReadonlySet<string>,
    watched: readonly string[],
  ): ReadonlyMap<string, BuildInputs['dirs'][number]> {
    const found = new Map<string, BuildInputs['dirs'][number]>()
    for (const folder of folders) {
      const row = isInside(this.#facts.root, folder) ? this.#folder(folder, 'sources') : undefined
      if (row !== undefined) found.set(folder, row)
    }
    for (const folder of watched.flatMap((top) => [top, ...foldersBelow(top)])) {
      const row = this.#folder(folder, 'all')
      if (row !== undefined) found.set(folder, row)
    }
    return found
  }

  #folder(folder: string, names: 'sources' | 'all'): BuildInputs['dirs'][number] | undefined {
    const key = `${names} ${folder}`
    if (!this.#dirs.has(key)) {
      const row = names === 'all' ? this.#listed(folder, names) : this.#sourceFolder(folder)
      this.#dirs.set(key, names === 'all' || !row ? row : this.#withoutOwn(folder, row))
    }
    return this.#dirs.get(key)
  }

  /** The time is read before the names: a name that comes in between only costs a check. */
  #sourceFolder(folder: string): BuildInputs['dirs'][number] | undefined {
    const { kept, startedAt } = this.#facts
    const list = (stat: Stats): ReturnType<typeof folderRow> =>
      folderRow(this.#facts.root, folder, 'sources', stat)
    return kept === undefined
      ? this.#listed(folder, 'sources')
      : kept.folder(folder, startedAt, list)
  }

  #listed(folder: string, names: 'sources' | 'all'): BuildInputs['dirs'][number] | undefined {
    const stat = statSync(folder, { throwIfNoEntry: false })
    return stat === undefined ? undefined : folderRow(this.#facts.root, folder, names, stat)
  }

  /**
   * A folder in which plugins changed nothing but files they told of: what was looked for there
   * was looked for in the folder as it was before, so its time of then holds.
   */
  #withoutOwn(
    folder: string,
    row: BuildInputs['dirs'][number],
  ): BuildInputs['dirs'][number] | undefined {
    const { collector } = this.#facts
    const before = collector.before(folder)
    if (before === undefined || before.mtimeMs === row[1]) return row
    const others = ({ name }: Dirent): boolean =>
      collector.declared(join(folder, name)) === undefined
    const now = readdirSync(folder, { withFileTypes: true })
    if (dirNamesDigest(now) !== row[2]) return row
    const was = dirNamesDigest(before.entries.filter(others))
    return was === dirNamesDigest(now.filter(others)) ? [row[0], before.mtimeMs, row[2]] : row
  }

  #record(file: string, origin: InputOrigin): InputFile | undefined {
    const { root, collector } = this.#facts
    const read = collector.get(file)
    if (read !== undefined) return inputFile(root, file, read, origin)
    if (!this.#afterwards.has(file)) this.#afterwards.set(file, this.#readAfterwards(file))
    const later = this.#afterwards.get(file)
    if (later === undefined) return undefined
    const known = collector.declared(file) === later.sha256
    const sha256 = !known && this.#changedMeanwhile(later) ? CHANGED : later.sha256
    return inputFile(root, file, { ...later, sha256 }, origin)
  }

  #readAfterwards(file: string): ReadInput | undefined {
    const { kept, startedAt } = this.#facts
    try {
      return kept === undefined ? readInput(file) : kept.read(file, startedAt)
    } catch {
      return undefined
    }
  }

  /**
   * esbuild or a plugin read this file at some moment of the build; when it changed in between,
   * nobody knows which contents that was.
   */
  #changedMeanwhile({ stat }: ReadInput): boolean {
    return stat.ctimeMs >= this.#facts.startedAt && stat.ctimeMs <= this.#facts.endedAt
  }

  #absolute(path: RelPath): string {
    return fromRelPath(this.#facts.root, path)
  }
}

/** No file has this digest, so the next check rebuilds. */
const CHANGED = '0'.repeat(64)

/**
 * A folder that a plugin watches counts with all its names; the mark of its digest says so.
 */
function folderRow(
  root: string,
  folder: string,
  names: 'sources' | 'all',
  stat: Stats,
): BuildInputs['dirs'][number] | undefined {
  if (!stat.isDirectory()) return undefined
  const entries = readdirSync(folder, { withFileTypes: true })
  const found = names === 'all' ? allNamesDigest(entries) : dirNamesDigest(entries)
  return [toRelPath(root, folder), stat.mtimeMs, found]
}

/** Tells whether the digest of a folder changes when a file of this name appears in it. */
function isCounted(name: string): boolean {
  return !name.startsWith('.') && isSourceName(name)
}

function byPath(a: readonly [string, ...unknown[]], b: readonly [string, ...unknown[]]): number {
  return a[0] < b[0] ? -1 : Number(a[0] > b[0])
}

/** The folders a pattern import looks in, empty ones too: a file may appear in any of them. */
function globFolders(root: string, graph: BuildMetafile): readonly string[] {
  const folders = new Set<string>()
  for (const [path, { imports }] of Object.entries(graph.inputs)) {
    for (const { original } of imports) {
      if (original?.includes('*') !== true || !isPath(original)) continue
      const fixed = original.slice(0, original.indexOf('*')).replace(/[^/]*$/, '')
      const top = resolve(root, dirname(path), fixed)
      for (const folder of [top, ...foldersBelow(top)]) folders.add(folder)
    }
  }
  return [...folders]
}

function foldersBelow(top: string): readonly string[] {
  try {
    return readdirSync(top, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name))
  } catch {
    return []
  }
}
