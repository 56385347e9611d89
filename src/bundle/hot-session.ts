import type { Stats } from 'node:fs'
import { statSync } from 'node:fs'
import { fromRelPath, isModuleUrl } from '../base/project-path.ts'
import type { EsbuildMetafile } from './esbuild.ts'
import { HotRebuild, type HotPlan } from './hot-rebuild.ts'
import type { ReadInput } from './inputs.ts'
import { InputCollector, KeptReads, loaderOf } from './inputs.ts'
import { KeptFacts } from './kept-facts.ts'
import { isScript } from './load-call.ts'
import { isMetaModule } from './meta.ts'
import { isSameStat, Stamps } from './stamps.ts'

/** What a session has to know of the entry it is for. */
export interface HotSessionOptions {
  readonly root: string
  /** esbuild loaders by extension, over the built-in ones. */
  readonly loader: Readonly<Record<string, string>>
  /** The imports that a plugin of ours resolves, if any. */
  readonly inlined: RegExp | undefined
  /** A plugin of ours or of the user has a say in every build: then esbuild reads nothing. */
  readonly readsAll: boolean
  /** A plugin of ours has a say in every build, save in what files hold. */
  readonly needsPlugins: boolean
}

/** A source as esbuild's metafile names it. */
export interface HotSource {
  /** Absolute. */
  readonly file: string
  /** Imported with attributes, which decide how it is read. */
  readonly isAttributed: boolean
  readonly imports: EsbuildMetafile['inputs'][string]['imports']
}

/**
 * What the rebuilds of one hot entry know of each other: which files esbuild may read by itself.
 *
 * Contents that go through the reader cross a pipe on every rebuild, and each plugin callback is a
 * message between two processes: together they take as long as the build. So esbuild reads by
 * itself what the reader would hand on unchanged, and what it has read is proved by stats before
 * and after the build (docs/design/0003-hot-rebuilds-read-files-natively.md).
 */
export class HotSession {
  readonly facts: KeptFacts
  readonly #options: HotSessionOptions
  readonly #stamps: Stamps
  readonly #reads: KeptReads
  /** The files behind the names of the metafile. */
  readonly #paths = new Map<string, string>()
  readonly #isPlain = new WeakMap<ReadInput, boolean>()
  /** What the last build that succeeded was made of; undefined before the first. */
  #files: ReadonlySet<string> | undefined
  #attributed: ReadonlySet<string> = new Set()
  /** esbuild reads something here that the reader does not know. */
  #isOpaque = false
  #usesInlined = true

  constructor(options: HotSessionOptions, stamps: Stamps = new Stamps(options.root)) {
    this.#options = options
    this.#stamps = stamps
    this.#reads = new KeptReads(stamps)
    this.facts = new KeptFacts(stamps)
  }

  /** True once a build has told what there is to read; before, a context could only be replaced. */
  get isReady(): boolean {
    return this.#files !== undefined || this.#options.readsAll
  }

  /** @param now - wall time before the build, ms */
  rebuild(now: number): HotRebuild {
    return new HotRebuild(this, this.#plan(), this.collector(now))
  }

  /** A collector that reads through what earlier builds have read. */
  collector(now: number): InputCollector {
    const collector = new InputCollector()
    collector.readThrough(this.#reads, now)
    return collector
  }

  /** Notes what a build that succeeded was made of. */
  learn(metafile: EsbuildMetafile, collector: InputCollector): void {
    const { inlined } = this.#options
    this.#files = new Set(collector.files)
    this.#attributed = collector.attributed
    this.#reads.retain(this.#files)
    this.#isOpaque = false
    this.#usesInlined = false
    for (const { file, imports } of this.sources(metafile)) {
      this.#isOpaque ||= collector.get(file) === undefined
      this.#usesInlined ||= imports.some(({ path, original }) => inlined?.test(original ?? path))
    }
  }

  /** Keeps what was read of a file whose stat it is sure of. */
  keep(file: string, input: ReadInput): void {
    this.#reads.keep(file, input)
  }

  /** The files of a build. */
  *sources({ inputs }: EsbuildMetafile): Generator<HotSource> {
    for (const [key, input] of Object.entries(inputs)) {
      if (isModuleUrl(key) || isMetaModule(key)) continue
      const isAttributed = 'with' in input
      let file = this.#paths.get(key)
      if (file === undefined) {
        const path = isAttributed ? key.replace(/ with \{[^}]*\}$/, '') : key
        file = fromRelPath(this.#options.root, path)
        this.#paths.set(key, file)
      }
      yield { file, isAttributed, imports: input.imports }
    }
  }

  /** Tells whether a plugin would have resolved an import that esbuild left alone. */
  isMisread({ path, external }: HotSource['imports'][number]): boolean {
    return external === true && this.#options.inlined?.test(path) === true
  }

  /** The reader would hand on the very bytes, with the loader that esbuild takes without it. */
  mayEsbuildRead(file: string, input: ReadInput): boolean {
    let isPlain = this.#isPlain.get(input)
    if (isPlain === undefined) {
      const loader = loaderOf(file, {}, this.#options.loader)
      isPlain = loader === 'json' || (isScript(loader, file) && !mentionsBinding(input.bytes))
      this.#isPlain.set(input, isPlain)
    }
    return isPlain
  }

  /** Looks at every file anew; undefined when the reader has to read all of them. */
  #plan(): HotPlan | undefined {
    const { readsAll, needsPlugins } = this.#options
    if (this.#files === undefined || this.#isOpaque || readsAll) return undefined
    const native: HotPlan['native'] = new Map()
    const read = new Set<string>()
    for (const file of this.#files) {
      const before = this.#before(file)
      if (before === undefined || this.#attributed.has(file)) read.add(file)
      else native.set(file, before)
    }
    if (read.size > MAX_READ) return undefined
    const isBare = read.size === 0 && !needsPlugins && !this.#usesInlined && this.#stamps.areKnown
    return { native, read, isBare }
  }

  /** A file that esbuild may read; undefined when the reader has to. */
  #before(file: string): { readonly stat: Stats; input: ReadInput | undefined } | undefined {
    const stat = statSync(file, { throwIfNoEntry: false })
    const kept = this.#reads.get(file)
    if (stat === undefined || kept === undefined || !this.mayEsbuildRead(file, kept)) {
      return undefined
    }
    if (isSameStat(kept.stat, stat)) return { stat, input: kept }
    return this.#stamps.areDistinct(stat) && !looksUnchanged(kept.stat, stat)
      ? { stat, input: undefined }
      : undefined
  }
}

/** With more files than this for the reader, naming them gains nothing. */
const MAX_READ = 32

/** What esbuild 0.28 takes for an unchanged file, whose text it keeps (`internal/fs/modkey_unix.go`). */
function looksUnchanged(was: Stats, is: Stats): boolean {
  return was.ino === is.ino && was.size === is.size && was.mtimeMs === is.mtimeMs
}

/** What `bindMeta` may rewrite; a mention in a comment only costs the way through the reader. */
function mentionsBinding(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return BINDINGS.some((word) => text.includes(word))
}

const BINDINGS = ['import.meta', '__dirname', '__filename']

/** The sessions of the few hot entries. */
export class HotSessions {
  /** Least recently used first. */
  readonly #sessions = new Map<string, HotSession>()

  /** @param limit - how many are kept; one is made whatever the limit */
  of(key: string, limit: number, make: () => HotSession): HotSession {
    const session = this.#sessions.get(key) ?? make()
    this.#sessions.delete(key)
    this.#sessions.set(key, session)
    for (const old of this.#sessions.keys()) {
      if (this.#sessions.size <= Math.max(1, limit)) break
      this.#sessions.delete(old)
    }
    return session
  }
}
