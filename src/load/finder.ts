import type { Clock } from '../base/clock.ts'
import type { Digest } from '../base/digest.ts'
import type { Emitter } from '../base/events.ts'
import type { RelPath } from '../base/project-path.ts'
import { SingleFlight } from '../base/single-flight.ts'
import type { Artifact, ArtifactFacts } from '../bundle/artifact.ts'
import type { Fingerprint } from '../bundle/bundler.ts'
import type { BackgroundWrites } from './background-writes.ts'
import type { BatchedBuild, BuildBatcher } from './batch.ts'
import { doubtful } from './doubt.ts'
import { loaderClosed, syncMiss } from './errors.ts'
import type { LoadEvents } from './events.ts'
import { FlightKeys } from './flight-keys.ts'
import { requestKey } from './key.ts'
import type { ArtifactSource, InputChange, LoadedArtifact } from './loaded-artifact.ts'
import type { Lookup } from './lookup.ts'
import type { InputsManifest } from './manifest.ts'
import type { Resident, ResidentArtifacts } from './resident.ts'
import type { ArtifactStore } from './store.ts'
import type { TrackedEntries } from './tracked.ts'
import type { ValidateMode } from './validate.ts'

/** What a finder works with. */
export interface FinderParts {
  readonly root: string
  readonly store: ArtifactStore
  readonly lookup: Lookup
  readonly residents: ResidentArtifacts
  readonly tracked: TrackedEntries
  readonly batcher: BuildBatcher
  readonly writes: BackgroundWrites
  readonly clock: Clock
  readonly events: Emitter<LoadEvents>
  readonly fingerprint: () => Fingerprint
  readonly validateMode: () => ValidateMode
}

/** An entry with the key it has under the fingerprint of now. */
export interface WantedEntry {
  readonly entry: RelPath
  readonly key: Digest
  readonly uncacheable: string | undefined
}

interface Wanted extends WantedEntry {
  readonly fresh: boolean
  readonly hot: boolean
}

type Local =
  | { readonly loaded: LoadedArtifact }
  | { readonly loaded: undefined; readonly because: readonly InputChange[] }

/**
 * Finds artifacts: memory, disk, external tier, build.
 *
 * Invariants:
 * - everything returned was valid when it was looked at, or has just been built;
 * - one flight per request key; a fresh request never joins a flight that began before it;
 * - failures are shared by those who waited and remembered by nobody, only their inputs are;
 * - an artifact of a plugin without a cache key never leaves memory.
 */
export class ArtifactFinder {
  readonly #parts: FinderParts
  readonly #flights = new SingleFlight<LoadedArtifact>()
  readonly #flightKeys = new FlightKeys()
  readonly #landing = new Set<Promise<unknown>>()
  /** Built and not yet on the disk: memory may have refused it. */
  readonly #storing = new Map<Digest, Resident>()
  /** By the list of inputs, which an artifact shares with its facts. */
  readonly #memoryOnly = new WeakSet<Artifact['inputs']>()
  readonly #hits = { memory: 0, disk: 0, external: 0 }
  readonly #misses = new Map<string, number>()
  readonly #started
  readonly #finished
  readonly #failed
  #closed = false

  constructor(parts: FinderParts) {
    this.#parts = parts
    this.#started = parts.events.channel('artifact.started')
    this.#finished = parts.events.channel('artifact.finished')
    this.#failed = parts.events.channel('artifact.failed')
  }

  artifact(
    entry: RelPath,
    request: { readonly signal?: AbortSignal; readonly hot?: boolean; readonly fresh?: boolean },
  ): Promise<LoadedArtifact> {
    if (this.#closed) return Promise.reject(loaderClosed({ entry }))
    const { fresh = false, hot = false, signal } = request
    const wanted = { ...this.wanted(entry), fresh, hot }
    const flight = this.#flightKeys.of(entry, wanted.key, fresh)
    return this.#flights.run(flight, (leave) => this.#find(wanted, leave), signal)
  }

  artifactSync(entry: RelPath): LoadedArtifact {
    if (this.#closed) throw loaderClosed({ entry })
    const from = this.#parts.clock.elapsed()
    const wanted = { ...this.wanted(entry), fresh: false, hot: false }
    if (this.#started.listened) this.#started.emit({ entry, key: wanted.key })
    const local = this.#local(wanted)
    if (local.loaded !== undefined) return this.#finish(local.loaded, from)
    const [first] = local.because
    const because = first === undefined ? 'no artifact of it is cached' : describeChange(first)
    const error = syncMiss({ entry, because })
    if (this.#failed.listened) {
      this.#failed.emit({ entry, error, durationMs: this.#parts.clock.elapsed() - from })
    }
    throw error
  }

  wanted(entry: RelPath): WantedEntry {
    const { digest, uncacheable } = this.#parts.fingerprint()
    return { entry, key: requestKey(entry, digest), uncacheable }
  }

  drop(entries: readonly RelPath[] | undefined): number {
    const { residents } = this.#parts
    if (entries === undefined) {
      this.#flightKeys.cutAll()
      return residents.clear()
    }
    for (const entry of entries) this.#flightKeys.cut(entry)
    return entries.filter((entry) => residents.delete(this.wanted(entry).key)).length
  }

  isMemoryOnly(artifact: ArtifactFacts): boolean {
    return this.#memoryOnly.has(artifact.inputs)
  }

  counts(): {
    readonly hits: { readonly memory: number; readonly disk: number; readonly external: number }
    readonly misses: Readonly<Record<string, number>>
  } {
    return { hits: { ...this.#hits }, misses: Object.fromEntries(this.#misses) }
  }

  /** Refuses further requests and waits for those under way. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#parts.batcher.close()
    while (this.#landing.size > 0) await Promise.allSettled(this.#landing)
  }

  #find(wanted: Wanted, signal: AbortSignal): Promise<LoadedArtifact> {
    const landing = this.#look(wanted, signal)
    this.#landing.add(landing)
    const land = (): void => {
      this.#landing.delete(landing)
    }
    landing.then(land, land)
    return landing
  }

  async #look(wanted: Wanted, signal: AbortSignal): Promise<LoadedArtifact> {
    const { entry, key, hot } = wanted
    const { batcher, clock } = this.#parts
    const from = clock.elapsed()
    if (this.#started.listened) this.#started.emit({ entry, key })
    try {
      const local = this.#local(wanted)
      if (local.loaded !== undefined) return this.#finish(local.loaded, from)
      const external = await this.#external(wanted, signal)
      if (external !== undefined) return this.#finish(external, from)
      // A kept context and its resolutions serve edits; whatever moved files gets a clean build.
      const isEdit = local.because.every(({ kind }) => kind === 'file')
      const build = await batcher.submit(entry, { signal, hot: hot && isEdit })
      const built = this.#keep(wanted, build)
      const cause = local.because[0]?.kind ?? 'new'
      this.#misses.set(cause, (this.#misses.get(cause) ?? 0) + 1)
      return this.#finish(built, from)
    } catch (error) {
      // Nobody waits any more: whatever the stages made of that is no failure of the entry.
      if (signal.aborted) throw signal.reason
      if (this.#failed.listened) {
        this.#failed.emit({ entry, error, durationMs: clock.elapsed() - from })
      }
      throw error
    }
  }

  /** Memory and disk, without waiting. */
  #local(wanted: Wanted): Local {
    const { lookup } = this.#parts
    const { fresh, key, uncacheable } = wanted
    const mode = fresh ? 'hash' : this.#parts.validateMode()
    const held = fresh ? undefined : this.#held(key)
    let because: readonly InputChange[] = []
    if (held !== undefined) {
      const verdict = lookup.memory(held, mode)
      if (verdict.hit) return { loaded: this.#serve(wanted, held, verdict.refreshed) }
      because = verdict.because
    }
    if (uncacheable !== undefined) {
      const plugin: InputChange = { kind: 'plugin', subject: uncacheable, was: '', is: 'no key' }
      return { loaded: undefined, because: because.length > 0 ? because : [plugin] }
    }
    const disk = lookup.disk(key, mode)
    if (disk.resident !== undefined) return { loaded: this.#adopt(wanted, disk.resident, 'disk') }
    return { loaded: undefined, because: because.length > 0 ? because : disk.because }
  }

  async #external(wanted: Wanted, signal: AbortSignal): Promise<LoadedArtifact | undefined> {
    if (wanted.uncacheable !== undefined || !this.#parts.store.hasExternal) return undefined
    const { resident } = await this.#parts.lookup.external(wanted.key, signal)
    return resident === undefined ? undefined : this.#adopt(wanted, resident, 'external')
  }

  #held(key: Digest): Resident | undefined {
    return this.#parts.residents.get(key) ?? this.#storing.get(key)
  }

  #serve(
    { entry }: WantedEntry,
    held: Resident,
    refreshed: InputsManifest | undefined,
  ): LoadedArtifact {
    if (refreshed !== undefined) {
      held.manifest = refreshed
      this.#parts.residents.update(held.artifact.id, { manifest: refreshed })
    }
    this.#parts.tracked.succeed(entry, held)
    this.#hits.memory += 1
    const codeCache = held.codeCache ?? this.#storedCodeCache(held.artifact)
    return loadedFrom({ ...held, codeCache }, 'memory')
  }

  #storedCodeCache(artifact: Artifact): Uint8Array | undefined {
    if (this.isMemoryOnly(artifact)) return undefined
    return this.#parts.store.codeCache(artifact.codeId)
  }

  #adopt(
    { entry, key }: WantedEntry,
    resident: Resident,
    source: 'disk' | 'external',
  ): LoadedArtifact {
    // The disk keeps the code cache, and gives it again when the entry is evaluated once more.
    const kept: Resident = { ...resident, codeCache: undefined }
    this.#parts.residents.set(key, kept)
    this.#parts.tracked.succeed(entry, kept)
    this.#hits[source] += 1
    return loadedFrom(resident, source)
  }

  /** @throws the error of a failed build, whose inputs stay tracked so that a repair is noticed */
  #keep({ entry, key, uncacheable }: Wanted, build: BatchedBuild): LoadedArtifact {
    const { outcome, startedAt } = build
    const { clock, residents, store, tracked, writes } = this.#parts
    if (!outcome.ok) {
      tracked.fail(entry, outcome.inputs)
      throw outcome.error
    }
    const { artifact, assets, metafile, inputs, map } = outcome
    const manifest: InputsManifest = {
      ...doubtful(inputs, startedAt, this.#parts.root),
      format: 1,
      key,
      artifact: artifact.id,
      builtAt: clock.now(),
      // Not the end of the build: what was written meanwhile must look young to the next check.
      validatedAt: startedAt,
    }
    const codeCache = undefined
    const resident: Resident = { artifact, assets, manifest, graph: metafile, codeCache, map }
    residents.set(key, resident)
    tracked.succeed(entry, resident)
    if (uncacheable !== undefined || inputs.uncacheable !== undefined)
      this.#memoryOnly.add(artifact.inputs)
    else {
      this.#storing.set(key, resident)
      const write = store.put({ artifact, assets, manifest, metafile, map })
      writes.add(
        entry,
        write.finally(() => this.#stored(key, resident)),
      )
    }
    return loadedFrom(resident, 'miss')
  }

  #stored(key: Digest, resident: Resident): void {
    if (this.#storing.get(key) === resident) this.#storing.delete(key)
  }

  #finish(loaded: LoadedArtifact, from: number): LoadedArtifact {
    if (this.#finished.listened) {
      const { artifact, manifest, source } = loaded
      this.#finished.emit({
        entry: artifact.entry,
        artifact: artifact.id,
        source,
        durationMs: this.#parts.clock.elapsed() - from,
        uncacheable: manifest.uncacheable,
      })
    }
    return loaded
  }
}

function loadedFrom(resident: Resident, source: ArtifactSource): LoadedArtifact {
  const { artifact, manifest, codeCache } = resident
  return { artifact, manifest, source, codeCache }
}

function describeChange({ kind, subject, was, is }: InputChange): string {
  return kind === 'plugin'
    ? `plugin "${subject}" has no cache key`
    : `${kind} "${subject}" was ${was} and is ${is}`
}
