import { withDeadline } from '../base/deadline.ts'
import type { SomonError } from '../base/error.ts'
import type { EventChannel, Unsubscribe } from '../base/events.ts'
import type { RelPath } from '../base/project-path.ts'
import { SingleFlight } from '../base/single-flight.ts'
import type { Generation } from '../evaluate/generation.ts'
import { checkEntry } from '../load/entry.ts'
import type { ArtifactSource, LoadedArtifact } from '../load/loaded-artifact.ts'
import { asLoadError } from './as-load-error.ts'
import { loadTimeout, moduleClosed, syncRefused } from './errors.ts'
import type { ModuleEvents } from './events.ts'
import { LiveModule } from './live-module.ts'
import type { ModuleParts } from './module-parts.ts'
import { startGeneration, startGenerationSync, type StartedGeneration } from './start-generation.ts'

/** How one module is asked for. */
export interface LoadRequest {
  readonly signal?: AbortSignal
  readonly timeoutMs?: number
  readonly main?: boolean
}

/** How often a load was answered from where. */
export interface LoadCounts {
  live: number
  memory: number
  disk: number
  external: number
  miss: number
  failed: number
}

interface Opened {
  readonly module: LiveModule
  readonly source: ArtifactSource
}

/**
 * The live modules of one system, one per entry.
 *
 * Invariants: an entry has at most one live module and at most one opening under way; a promise
 * in `#ready` is fulfilled and its module open, so the warm path returns it without a look.
 */
export class ModuleRegistry {
  readonly counts: LoadCounts = { live: 0, memory: 0, disk: 0, external: 0, miss: 0, failed: 0 }
  readonly #parts: ModuleParts
  readonly #live = new Map<RelPath, LiveModule>()
  readonly #ready = new Map<string, Promise<LiveModule>>()
  readonly #ids = new Map<string, RelPath>()
  readonly #specifiers = new Map<RelPath, Set<string>>()
  readonly #numbers = new Map<RelPath, number>()
  /** The entries of specifiers that are being opened. */
  readonly #found = new Map<string | URL, RelPath>()
  readonly #openings = new SingleFlight<Opened>()
  readonly #started: EventChannel<ModuleEvents['load.started']>
  readonly #finished: EventChannel<ModuleEvents['load.finished']>
  readonly #failed: EventChannel<ModuleEvents['load.failed']>
  readonly #loadedListeners = new Set<() => void>()
  #closed: SomonError | undefined

  constructor(parts: ModuleParts) {
    this.#parts = parts
    this.#started = parts.events.channel('load.started')
    this.#finished = parts.events.channel('load.finished')
    this.#failed = parts.events.channel('load.failed')
  }

  get modules(): Iterable<LiveModule> {
    return this.#live.values()
  }

  get size(): number {
    return this.#live.size
  }

  /** Calls back after each first load of an entry. */
  onLoaded(listener: () => void): Unsubscribe {
    this.#loadedListeners.add(listener)
    return () => this.#loadedListeners.delete(listener)
  }

  find(entry: RelPath): LiveModule | undefined {
    return this.#live.get(entry)
  }

  /**
   * Loads an entry, or returns the module that is live.
   *
   * Not an async function: the stored promise is returned as it is, which costs what a map
   * lookup costs.
   */
  load(specifier: string | URL, request?: LoadRequest): Promise<LiveModule> {
    if (request === undefined && typeof specifier === 'string') {
      const known = this.#ready.get(specifier)
      if (known !== undefined) {
        this.counts.live += 1
        if (this.#finished.listened) this.#emitLive(specifier)
        return known
      }
    }
    return this.#load(specifier, request ?? {})
  }

  loadSync(specifier: string | URL): LiveModule {
    const { clock } = this.#parts
    const startedAt = clock.elapsed()
    const entry = this.#entryOf(specifier, startedAt)
    const live = this.#live.get(entry)
    if (live !== undefined) {
      this.#count(entry, 'live', 0)
      return live
    }
    try {
      if (this.#parts.plugins().asksBeforeLoad) throw syncRefused({ module: entry })
      const loaded = this.#parts.loader.artifactSync(entry)
      const generation = startGenerationSync(this.#parts, this.#request(entry, loaded, false))
      const opened = this.#publish(entry, loaded, generation, startedAt)
      this.#count(entry, loaded.source, clock.elapsed() - startedAt)
      return opened.module
    } catch (error) {
      throw this.#fail(entry, error, startedAt)
    }
  }

  /** Refuses what is being loaded, then disposes of every module, the last loaded first. */
  async close(): Promise<number> {
    const closed = moduleClosed({ module: 'ModuleSystem' })
    this.#closed = closed
    await this.#openings.abortAll(closed)
    const modules = [...this.#live.values()].toReversed()
    const ended = await Promise.allSettled(modules.map((module) => module.dispose()))
    const failures = ended.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []))
    if (failures.length > 0) throw new AggregateError(failures, 'Some modules did not end well')
    return modules.length
  }

  async #load(specifier: string | URL, request: LoadRequest): Promise<LiveModule> {
    const { clock } = this.#parts
    const startedAt = clock.elapsed()
    const entry = this.#found.get(specifier) ?? this.#entryOf(specifier, startedAt)
    const live = this.#live.get(entry)
    if (live !== undefined) {
      this.#count(entry, 'live', 0)
      this.#remember(specifier, live)
      return live
    }
    // Finding an entry costs two looks at the disk: the callers of one opening share them.
    this.#found.set(specifier, entry)
    if (this.#started.listened) this.#started.emit({ entry })
    try {
      const { module, source } = await this.#opened(entry, request)
      this.#count(entry, source, clock.elapsed() - startedAt)
      this.#remember(specifier, module)
      return module
    } catch (error) {
      // Who aborts a load knows why, and it is no fault of the module.
      if (request.signal?.aborted === true && error === request.signal.reason) throw error
      throw await this.#parts.evaluator.mapErrorStack(this.#fail(entry, error, startedAt))
    } finally {
      this.#found.delete(specifier)
    }
  }

  #entryOf(specifier: string | URL, startedAt: number): RelPath {
    // No fault of a module: it stays a TypeError.
    checkEntry(specifier)
    try {
      return this.#parts.loader.entryOf(specifier)
    } catch (error) {
      throw this.#fail(String(specifier), error, startedAt)
    }
  }

  /** Waits for the one opening of an entry, within the time of this caller. */
  #opened(entry: RelPath, request: LoadRequest): Promise<Opened> {
    const { clock, limits } = this.#parts
    const timeoutMs = request.timeoutMs ?? limits.timeoutMs
    return withDeadline(
      (signal) => this.#openings.run(entry, (flight) => this.#open(entry, request, flight), signal),
      {
        timeoutMs,
        clock,
        signal: request.signal,
        onTimeout: () => loadTimeout({ module: entry, timeoutMs }),
      },
    )
  }

  async #open(entry: RelPath, request: LoadRequest, signal: AbortSignal): Promise<Opened> {
    const startedAt = this.#parts.clock.elapsed()
    await this.#parts.plugins().beforeLoad({ entry, kind: 'load' })
    const loaded = await this.#parts.loader.artifact(entry, { signal })
    const generation = await startGeneration(
      this.#parts,
      this.#request(entry, loaded, request.main === true),
      signal,
    )
    const live = this.#live.get(entry)
    if (live === undefined && this.#closed === undefined) {
      return this.#publish(entry, loaded, generation, startedAt)
    }
    // A synchronous load was faster, or the system has ended meanwhile.
    await this.#parts.evaluator.retire(generation, { drainTimeoutMs: 0 })
    if (live === undefined) throw this.#closed
    return { module: live, source: loaded.source }
  }

  #request(entry: RelPath, loaded: LoadedArtifact, main: boolean) {
    const { artifact, codeCache } = loaded
    const { reloadable } = this.#parts
    return { artifact, codeCache, number: this.#nextNumber(entry), reloadable, main }
  }

  #publish(
    entry: RelPath,
    loaded: LoadedArtifact,
    generation: Generation,
    startedAt: number,
  ): Opened {
    const module = this.#newModule(entry, { ...loaded, generation })
    this.#live.set(entry, module)
    const durationMs = this.#parts.clock.elapsed() - startedAt
    const opened = this.#parts.events.channel('module.loaded')
    if (opened.listened) opened.emit({ module: entry, generation: generation.number, durationMs })
    for (const listener of this.#loadedListeners) listener()
    return { module, source: loaded.source }
  }

  #newModule(entry: RelPath, started: StartedGeneration): LiveModule {
    return new LiveModule(this.#parts, started, {
      nextNumber: () => this.#nextNumber(entry),
      onDispose: () => this.#forget(entry),
    })
  }

  #nextNumber(entry: RelPath): number {
    const number = (this.#numbers.get(entry) ?? 0) + 1
    this.#numbers.set(entry, number)
    return number
  }

  #remember(specifier: string | URL, module: LiveModule): void {
    if (typeof specifier !== 'string' || module.isClosed) return
    this.#ids.set(specifier, module.id)
    this.#ready.set(specifier, Promise.resolve(module))
    const specifiers = this.#specifiers.get(module.id) ?? new Set()
    this.#specifiers.set(module.id, specifiers.add(specifier))
  }

  #forget(entry: RelPath): void {
    this.#live.delete(entry)
    for (const specifier of this.#specifiers.get(entry) ?? []) {
      this.#ready.delete(specifier)
      this.#ids.delete(specifier)
    }
    this.#specifiers.delete(entry)
  }

  #emitLive(specifier: string): void {
    const entry = this.#ids.get(specifier)
    if (entry !== undefined) this.#finished.emit({ entry, source: 'live', durationMs: 0 })
  }

  #count(entry: RelPath, source: 'live' | ArtifactSource, durationMs: number): void {
    this.counts[source] += 1
    if (this.#finished.listened) this.#finished.emit({ entry, source, durationMs })
  }

  #fail(entry: RelPath, thrown: unknown, startedAt: number): SomonError {
    const error = asLoadError(entry, thrown)
    this.counts.failed += 1
    const durationMs = this.#parts.clock.elapsed() - startedAt
    if (this.#failed.listened) this.#failed.emit({ entry, error, durationMs })
    return error
  }
}
