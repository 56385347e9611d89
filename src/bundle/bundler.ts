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
import { foundAt } from './entry-there.ts'
import { bundleEntryMissing } from './errors.ts'
import type { BuildResolver } from './esbuild-options.ts'
import { isPolicy } from '../resolve/policy.ts'
import { checkOptions, esbuildOptions, inlineFilter } from './esbuild-options.ts'
import type { EsbuildFailure, EsbuildOptions, EsbuildResult, HotBuild } from './esbuild.ts'
import { EsbuildService, isEsbuildFailure } from './esbuild.ts'
import type { BundleEvents } from './events.ts'
import type { Fingerprint } from './fingerprint.ts'
import { Fingerprints } from './fingerprint.ts'
import type { HotContext } from './hot-rebuild.ts'
import { HotSession, HotSessions } from './hot-session.ts'
import { createPluginBuild, InputCollector } from './inputs.ts'
import type { PluginBuild, PluginHost } from './plugin-host.ts'
import { SettledSources } from './settled-sources.ts'

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

/** What the reader answers for in a build that reads by itself. */
const NO_FILES: ReadonlySet<string> = new Set()

class EsbuildBundler implements Bundler {
  readonly #parts: BundlerParts
  readonly #service: EsbuildService
  readonly #fingerprints = new Fingerprints()
  readonly #sessions = new HotSessions()
  readonly #finished: EventChannel<BundleEvents['bundle.finished']>
  readonly #failed: EventChannel<BundleEvents['bundle.failed']>
  #builds = 0
  #entriesBuilt = 0
  #inFlight = 0
  /** False once a build had to be made again: the next sources may be like those. */
  #readsNatively = true

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
    // Who leaves in the same turn needs no build.
    await Promise.resolve()
    signal?.throwIfAborted()
    const eager: BuildOptions = { ...options, sourceMaps: 'eager' }
    const [outcome] = await untilAborted(this.#first([artifact.entry], eager), signal)
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
    const outcomes = await this.#first(entries, options)
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

  /** A first build: through the reader where what esbuild reads by itself leaves a doubt. */
  async #first(
    entries: readonly RelPath[],
    options: BuildOptions,
  ): Promise<readonly (BuildOutcome | undefined)[]> {
    return (await this.#natively(entries, options)) ?? this.#esbuild(entries, options)
  }

  /**
   * One build of esbuild that reads its sources by itself: what passes through the reader crosses
   * a pipe, a tenth of a first build (docs/design/0007-first-builds-read-files-natively.md).
   *
   * @returns undefined when it is not certain what was compiled
   */
  async #natively(
    entries: readonly RelPath[],
    options: BuildOptions,
  ): Promise<readonly (BuildOutcome | undefined)[] | undefined> {
    const { clock, plugins } = this.#parts
    const isOurs = plugins.active || isPolicy(options.resolve) || entries.some(isModuleUrl)
    // What many entries share is read once for all of them; one doubt would build them all again.
    if (!this.#readsNatively || isOurs || entries.length > 1) return undefined
    const sources = new SettledSources(options.root, clock)
    if (!sources.areSettled(entries.map((entry) => fromRelPath(options.root, entry)))) {
      return undefined
    }
    const { collector } = sources
    const build = createPluginBuild(options, () => collector, NO_FILES)
    const esbuild = this.#esbuildOptions(entries, options, build)
    const work = { entries, options, collector, named: this.fingerprint(options) }
    return this.#run(work, async () => {
      const result = await settle(this.#service.build(esbuild))
      if (!('metafile' in result)) return undefined
      const session = this.#session(entries[0] ?? '', options)
      this.#readsNatively = sources.adopt(result.metafile, session)
      return this.#readsNatively ? result : undefined
    })
  }

  /** One build of esbuild. An entry has no outcome when the build failed for another one's sake. */
  async #esbuild(
    entries: readonly RelPath[],
    options: BuildOptions,
    hot: Pick<Work, 'collector' | 'session'> = { collector: new InputCollector() },
  ): Promise<readonly (BuildOutcome | undefined)[]> {
    const build = createPluginBuild(options, () => hot.collector)
    const esbuild = this.#esbuildOptions(entries, options, build)
    const work = { ...hot, entries, options, named: this.fingerprint(options) }
    const outcomes = await this.#run(work, () => settle(this.#service.build(esbuild)))
    return outcomes ?? []
  }

  /** Builds one entry with its kept context; through the reader when that leaves a doubt. */
  async #hot(entry: RelPath, options: BuildOptions): Promise<BuildOutcome> {
    const { clock, limits } = this.#parts
    const named = this.fingerprint(options)
    const key = `${named.digest} ${options.sourceMaps} ${options.root} ${entry}`
    const session = this.#sessions.of(key, limits.hotContexts, () => this.#session(entry, options))
    const isMissing = (): boolean => foundAt(options, entry) !== 'a file'
    const plainly = async (): Promise<BuildOutcome> => {
      if (isMissing()) return this.#missing(entry, options)
      const again = { collector: session.collector(clock.now()), session }
      const [outcome] = await this.#esbuild([entry], options, again)
      return outcome ?? this.#missing(entry, options)
    }
    if (!session.isReady) return plainly()
    const rebuild = session.rebuild(clock.now())
    if (!rebuild.isPlanned && isMissing()) return this.#missing(entry, options)
    const make = (refused?: HotContext): HotBuild<HotContext> => {
      const context = rebuild.context(refused)
      const build = createPluginBuild(options, () => context.collector, context.read)
      const made = this.#esbuildOptions([entry], options, build, context.isBare)
      return { options: made, session: context }
    }
    const { collector } = rebuild
    const outcomes = await this.#run(
      { entries: [entry], options, collector, session, named },
      async () => {
        const enter = (context: HotContext): boolean => rebuild.enter(context)
        const call = this.#service.rebuild(key, make, enter)
        setImmediate(() => rebuild.readAhead())
        const result = await settle(call)
        if (rebuild.isCertain('metafile' in result ? result.metafile : undefined)) return result
        await this.#service.forget(key)
        return undefined
      },
    )
    return outcomes === undefined ? plainly() : (outcomes[0] ?? this.#missing(entry, options))
  }

  #session(entry: RelPath, options: BuildOptions): HotSession {
    const { plugins, resolver } = this.#parts
    const { packages } = options.resolve
    return new HotSession({
      root: options.root,
      loader: options.loader,
      inlined: packages === 'external' ? inlineFilter(resolver) : undefined,
      readsAll: plugins.active,
      needsPlugins: isPolicy(options.resolve) || isModuleUrl(entry),
    })
  }

  #esbuildOptions(
    entries: readonly RelPath[],
    options: BuildOptions,
    build: PluginBuild,
    isBare = false,
  ): EsbuildOptions {
    const { plugins, resolver } = this.#parts
    const sourcemap = options.sourceMaps === 'eager'
    return esbuildOptions(entries, options, { plugins, resolver, build, sourcemap, isBare })
  }

  /** Undefined when the call found that its result may not be used. */
  async #run(
    { entries, options, collector, session, named }: Work,
    call: () => Promise<EsbuildResult | EsbuildFailure | undefined>,
  ): Promise<readonly (BuildOutcome | undefined)[] | undefined> {
    const { clock } = this.#parts
    const startedAt = clock.now()
    this.#inFlight += 1
    this.#builds += 1
    try {
      const result = await call()
      if (result === undefined) return undefined
      if ('metafile' in result) session?.learn(result.metafile, collector)
      const run = new BuildRun({
        ...this.#parts,
        options,
        collector,
        service: this.#service,
        fingerprint: named,
        startedAt,
        kept: session?.facts,
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
  /** What the rebuilds of a hot entry know of each other. */
  readonly session?: HotSession
  readonly named: Fingerprint
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
