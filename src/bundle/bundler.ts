import { statSync } from 'node:fs'
import type { Clock } from '../base/clock.ts'
import type { Emitter, EventChannel } from '../base/events.ts'
import type { RelPath } from '../base/project-path.ts'
import { fromRelPath, isModuleUrl } from '../base/project-path.ts'
import { Semaphore } from '../base/semaphore.ts'
import { untilAborted } from '../base/until-aborted.ts'
import type { ArtifactFacts } from './artifact.ts'
import { MAX_BATCH, type BuildOptions } from './build-options.ts'
import type { BuildOutcome } from './build-outcome.ts'
import { BuildRun } from './build-run.ts'
import { bundleEntryMissing } from './errors.ts'
import type { BuildResolver } from './esbuild-options.ts'
import { checkOptions, esbuildOptions } from './esbuild-options.ts'
import type { EsbuildFailure, EsbuildResult } from './esbuild.ts'
import { EsbuildService, isEsbuildFailure } from './esbuild.ts'
import type { BundleEvents } from './events.ts'
import type { Fingerprint } from './fingerprint.ts'
import { Fingerprints } from './fingerprint.ts'
import { createPluginBuild, InputCollector, KeptReads } from './inputs.ts'
import { prepareLexer } from './lexer.ts'
import type { PluginHost } from './plugin-host.ts'

export type { Fingerprint } from './fingerprint.ts'

/** Turns entries into artifacts with one shared esbuild service. */
export interface Bundler {
  /**
   * Builds entries that share their options in one esbuild build, at most 64 at a time.
   *
   * One outcome per entry, in order; a faulty entry never fails its neighbours.
   *
   * @param hot - entries that are being edited: they get a kept build context
   */
  build(
    entries: readonly RelPath[],
    options: BuildOptions,
    request?: { readonly signal?: AbortSignal; readonly hot?: boolean },
  ): Promise<readonly BuildOutcome[]>
  fingerprint(options: BuildOptions): Fingerprint
  /**
   * Makes the source map of an artifact that was built without one.
   *
   * @returns undefined when an input has changed since, so that no wrong map is ever shown
   */
  map(
    artifact: ArtifactFacts,
    options: BuildOptions,
    signal?: AbortSignal,
  ): Promise<string | undefined>
  stats(): BundlerStats
  /** Stops the esbuild service; a later build starts a new one. */
  close(): Promise<void>
}

/** Counts since the bundler was made, beside what is there now: `inFlight` and kept `contexts`. */
export interface BundlerStats {
  readonly builds: number
  readonly entriesBuilt: number
  readonly inFlight: number
  readonly contexts: number
  readonly recycles: number
  /** Undefined while no service runs. */
  readonly servicePid: number | undefined
}

/** What a bundler is made of. */
export interface BundlerParts {
  readonly clock: Clock
  readonly events: Emitter<BundleEvents>
  readonly resolver: BuildResolver
  readonly plugins: PluginHost
  /** Read at each use: both settings may change while the bundler works. */
  readonly limits: { readonly serviceMaxRssBytes: number; readonly hotContexts: number }
  /** The environment: plugins name variables of it as inputs, and esbuild's service inherits it. */
  readonly env: NodeJS.ProcessEnv
}

/** Makes a bundler; it starts nothing before the first build. */
export function createBundler(parts: BundlerParts): Bundler {
  return new EsbuildBundler(parts)
}

/** How many entries of a failed batch are built at once. */
const SINGLE_BUILDS = 4

class EsbuildBundler implements Bundler {
  readonly #parts: BundlerParts
  readonly #service: EsbuildService
  readonly #fingerprints = new Fingerprints()
  readonly #finished: EventChannel<BundleEvents['bundle.finished']>
  readonly #failed: EventChannel<BundleEvents['bundle.failed']>
  #builds = 0
  #entriesBuilt = 0
  #inFlight = 0

  constructor(parts: BundlerParts) {
    const { limits, env, events } = parts
    this.#parts = parts
    this.#finished = events.channel('bundle.finished')
    this.#failed = events.channel('bundle.failed')
    const recycled = events.channel('bundle.service-recycled')
    this.#service = new EsbuildService({ limits, env, recycled })
  }

  async build(
    entries: readonly RelPath[],
    options: BuildOptions,
    request: { readonly signal?: AbortSignal; readonly hot?: boolean } = {},
  ): Promise<readonly BuildOutcome[]> {
    checkOptions(options)
    await prepareLexer()
    const outcomes: BuildOutcome[] = []
    for (let at = 0; at < entries.length; at += MAX_BATCH) {
      request.signal?.throwIfAborted()
      const since = this.#parts.clock.elapsed()
      const batch = entries.slice(at, at + MAX_BATCH)
      const work =
        request.hot === true
          ? Promise.all(batch.map((entry) => this.#hot(entry, options)))
          : this.#batch(batch, options)
      // esbuild cannot stop a build: an aborted caller leaves and the build runs out.
      const built = await untilAborted(work, request.signal)
      for (const outcome of built) this.#tell(outcome, this.#parts.clock.elapsed() - since)
      outcomes.push(...built)
    }
    return outcomes
  }

  fingerprint(options: BuildOptions): Fingerprint {
    const { plugins, resolver } = this.#parts
    return this.#fingerprints.of(options, plugins, resolver.inlineNames())
  }

  async map(
    artifact: ArtifactFacts,
    options: BuildOptions,
    signal?: AbortSignal,
  ): Promise<string | undefined> {
    await prepareLexer()
    signal?.throwIfAborted()
    const eager: BuildOptions = { ...options, sourceMaps: 'eager' }
    const [outcome] = await untilAborted(this.#esbuild([artifact.entry], eager), signal)
    return outcome?.ok === true && outcome.artifact.id === artifact.id ? outcome.map : undefined
  }

  stats(): BundlerStats {
    return {
      builds: this.#builds,
      entriesBuilt: this.#entriesBuilt,
      inFlight: this.#inFlight,
      contexts: this.#service.contexts,
      recycles: this.#service.recycles,
      servicePid: this.#service.pid,
    }
  }

  async close(): Promise<void> {
    await this.#service.close()
  }

  /** Builds what exists in one go; after a failure the innocent ones again, each alone. */
  async #batch(
    entries: readonly RelPath[],
    options: BuildOptions,
  ): Promise<readonly BuildOutcome[]> {
    const there = entries.filter((entry) => foundAt(options, entry) === 'a file')
    const built = new Map<RelPath, BuildOutcome>()
    for (const outcome of await this.#together(there, options)) built.set(outcome.entry, outcome)
    return entries.map((entry) => built.get(entry) ?? this.#missing(entry, options))
  }

  async #together(
    entries: readonly RelPath[],
    options: BuildOptions,
  ): Promise<readonly BuildOutcome[]> {
    if (entries.length === 0) return []
    const outcomes = await this.#esbuild(entries, options)
    const settled = outcomes.filter((outcome) => outcome !== undefined)
    if (settled.length === entries.length) return settled
    const places = new Semaphore(SINGLE_BUILDS)
    const singles = entries.map(async (entry, index) => {
      const settledOne = outcomes[index]
      if (settledOne !== undefined) return [settledOne]
      const release = await places.acquire()
      try {
        return await this.#together([entry], options)
      } finally {
        release()
      }
    })
    return (await Promise.all(singles)).flat()
  }

  /** One build of esbuild. An entry has no outcome when the build failed for another one's sake. */
  async #esbuild(
    entries: readonly RelPath[],
    options: BuildOptions,
  ): Promise<readonly (BuildOutcome | undefined)[]> {
    const collector = new InputCollector()
    const build = createPluginBuild(options, () => collector)
    const esbuild = esbuildOptions(entries, options, {
      plugins: this.#parts.plugins,
      resolver: this.#parts.resolver,
      build,
      sourcemap: options.sourceMaps === 'eager',
    })
    const work = { entries, options, collector, named: this.fingerprint(options) }
    return this.#run(work, () => this.#service.build(esbuild))
  }

  /** Builds one entry with its kept context. */
  async #hot(entry: RelPath, options: BuildOptions): Promise<BuildOutcome> {
    if (foundAt(options, entry) !== 'a file') return this.#missing(entry, options)
    const collector = new InputCollector()
    const named = this.fingerprint(options)
    const key = `${named.digest} ${options.sourceMaps} ${options.root} ${entry}`
    const make = (): { options: ReturnType<typeof esbuildOptions>; session: HotSession } => {
      const session: HotSession = { collector, reads: new KeptReads() }
      const build = createPluginBuild(options, () => session.collector)
      const { plugins, resolver } = this.#parts
      const sourcemap = options.sourceMaps === 'eager'
      const parts = { plugins, resolver, build, sourcemap }
      return { options: esbuildOptions([entry], options, parts), session }
    }
    const ready = (session: HotSession): void => {
      collector.readThrough(session.reads, this.#parts.clock.now())
      session.collector = collector
    }
    const work = { entries: [entry], options, collector, named }
    const outcomes = await this.#run(work, () => this.#service.rebuild(key, make, ready))
    return outcomes[0] ?? this.#missing(entry, options)
  }

  async #run(
    { entries, options, collector, named }: Work,
    call: () => Promise<EsbuildResult>,
  ): Promise<readonly (BuildOutcome | undefined)[]> {
    const { clock } = this.#parts
    const startedAt = clock.now()
    this.#inFlight += 1
    this.#builds += 1
    try {
      const result = await settle(call())
      const run = new BuildRun({
        ...this.#parts,
        options,
        collector,
        service: this.#service,
        fingerprint: named,
        startedAt,
      })
      return 'metafile' in result
        ? await Promise.all(entries.map((entry, index) => run.succeeded(result, entry, index)))
        : entries.map((entry) => this.#blame(run, entry, entries, result))
    } finally {
      this.#inFlight -= 1
    }
  }

  /** A failed build of several entries is the fault of those whose own file has an error. */
  #blame(
    run: BuildRun,
    entry: RelPath,
    entries: readonly RelPath[],
    { errors }: EsbuildFailure,
  ): BuildOutcome | undefined {
    if (entries.length === 1) return run.failed(entry, errors)
    const own = errors.filter(({ location }) => location?.file === entry)
    return own.length === 0 ? undefined : run.failed(entry, own)
  }

  #missing(entry: RelPath, options: BuildOptions): BuildOutcome {
    const found = foundAt(options, entry) === 'a folder' ? 'a folder' : 'nothing'
    const error = bundleEntryMissing({ entry, found })
    const absent = found === 'nothing' ? [entry] : []
    const inputs = { files: [], dirs: [], symlinks: [], absent, env: [] }
    return { ok: false, entry, error, inputs }
  }

  #tell(outcome: BuildOutcome, durationMs: number): void {
    const { entry } = outcome
    if (!outcome.ok) {
      const { error } = outcome
      if (this.#failed.listened) {
        this.#failed.emit({ entry, purpose: 'artifact', durationMs, error })
      }
      return
    }
    const { id, code, inputs, warnings } = outcome.artifact
    this.#entriesBuilt += 1
    this.#parts.plugins.built({ id, entry, codeBytes: code.length, inputs, warnings })
    if (!this.#finished.listened) return
    this.#finished.emit({
      entry,
      purpose: 'artifact',
      durationMs,
      bytes: code.length,
      inputs: inputs.length,
      warnings: warnings.length,
    })
  }
}

/** One build of esbuild: what it is for, and what it reads into. */
interface Work {
  readonly entries: readonly RelPath[]
  readonly options: BuildOptions
  readonly collector: InputCollector
  readonly named: Fingerprint
}

/** What a kept context's plugins work on: every rebuild puts its own collector there. */
interface HotSession {
  collector: InputCollector
  readonly reads: KeptReads
}

/** A failure is a result here; anything else that is thrown is not ours to judge. */
async function settle(result: Promise<EsbuildResult>): Promise<EsbuildResult | EsbuildFailure> {
  try {
    return await result
  } catch (error) {
    if (isEsbuildFailure(error)) return error
    throw error
  }
}

/** esbuild's message for an entry that is not there has no place, so they are sorted out first. */
function foundAt(options: BuildOptions, entry: RelPath): 'a file' | 'a folder' | 'nothing' {
  // Whether there is such a module is for the plugin that serves it to say.
  if (isModuleUrl(entry)) return 'a file'
  const stat = statSync(fromRelPath(options.root, entry), { throwIfNoEntry: false })
  if (stat === undefined) return 'nothing'
  return stat.isDirectory() ? 'a folder' : 'a file'
}
