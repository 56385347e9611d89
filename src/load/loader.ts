import { isBuiltin } from 'node:module'
import { sep } from 'node:path'
import type { Clock } from '../base/clock.ts'
import type { Digest } from '../base/digest.ts'
import type { Emitter } from '../base/events.ts'
import type { RelPath } from '../base/project-path.ts'
import { isModuleUrl } from '../base/project-path.ts'
import { SingleFlight } from '../base/single-flight.ts'
import type { Artifact, ArtifactFacts } from '../bundle/artifact.ts'
import type { BuildOptions } from '../bundle/build-options.ts'
import type { BuildMetafile } from '../bundle/metafile.ts'
import type { Bundler } from '../bundle/bundler.ts'
import type { CacheEvents } from '../cache/events.ts'
import type { MemoryLimits } from '../cache/memory.ts'
import type { ByteTier, LocalTier } from '../cache/tier.ts'
import type { Resolver } from '../resolve/resolution.ts'
import type { ChangeSet, WatchTargets } from '../watch/change-set.ts'
import type { BatchLimits, BatchParts } from './batch.ts'
import { BuildBatcher } from './batch.ts'
import { codeCacheMaker } from './code-cache.ts'
import { BackgroundWrites } from './background-writes.ts'
import { entryOf } from './entry.ts'
import type { LoadEvents } from './events.ts'
import { explain } from './explain.ts'
import type { Explanation } from './explanation.ts'
import { ArtifactFinder } from './finder.ts'
import { moduleGraph } from './graph.ts'
import type { LoadedArtifact } from './loaded-artifact.ts'
import { Lookup } from './lookup.ts'
import type { ModuleGraph } from './module-graph.ts'
import type { ResidentStats } from './resident.ts'
import { ResidentArtifacts } from './resident.ts'
import { sourceText } from './source.ts'
import type { StaleSet } from './stale.ts'
import { stale } from './stale.ts'
import { ArtifactStore } from './store.ts'
import { createSyncFs } from './sync-fs.ts'
import { TrackedEntries } from './tracked.ts'
import type { ValidateMode } from './validate.ts'
import { watchTargets } from './watch-targets.ts'

/** How one artifact is asked for. */
export interface ArtifactRequest {
  readonly signal?: AbortSignal
  /** The entry is being edited: it gets a kept build context. */
  readonly hot?: boolean
  /** Skips memory, validates the disk by hash: what a change set has made stale. */
  readonly fresh?: boolean
}

/** Finds or builds valid artifacts: memory, disk, external tier, build; one flight per entry. */
export interface Loader {
  /** Resolves what a user wrote to an entry: a path, a URL, or a package. */
  entryOf(specifier: string | URL, importer?: string): RelPath
  artifact(entry: RelPath, request?: ArtifactRequest): Promise<LoadedArtifact>
  /** @throws SomonError SOMON_LOAD_SYNC_MISS when only a build could answer */
  artifactSync(entry: RelPath): LoadedArtifact
  /** The source map of an artifact: stored, or made now from unchanged inputs. */
  map(artifact: ArtifactFacts, signal?: AbortSignal): Promise<string | undefined>
  /** Makes the source map unless it is stored; one that is torn is made when it is wanted. */
  ensureMap(artifact: ArtifactFacts, signal?: AbortSignal): Promise<void>
  /** The stored or remembered map without waiting. */
  mapSync(artifactId: string): string | undefined
  /** The bytes of an asset of an artifact, by its digest. */
  asset(artifact: Artifact, sha256: Digest): Uint8Array | undefined
  /** The text of an input if it is still the one that was built. */
  sourceText(artifact: ArtifactFacts, file: RelPath): string | undefined
  storeCodeCache(artifact: Artifact, bytes: Uint8Array): Promise<void>
  /**
   * Looks at what is stored of an artifact, and at its inputs, as the next start will, and keeps
   * what was found: what is no longer young then needs no hashing. Does nothing by hash.
   */
  settle(artifact: ArtifactFacts): void
  /**
   * Counts what a live generation keeps in memory and keeps its entry watched and in the graph.
   *
   * @param bytecodeBytes - the size of its code cache; undefined is estimated
   * @returns ends it, once; called when the generation has retired
   */
  pin(artifact: Artifact, bytecodeBytes: number | undefined): () => void
  /** Forgets what memory holds of entries, or of everything; no later call joins a flight of now. */
  drop(entries?: readonly RelPath[]): number
  /**
   * Which known entries a change set may have made stale, failed ones included. Whoever watches
   * passes every change set here before anything is built: it also tells the resolver.
   */
  stale(changes: ChangeSet): StaleSet
  /** What to watch for the given entries, or for every known one. */
  watchTargets(entries?: Iterable<RelPath>): WatchTargets
  /** The graph of everything loaded or failed, or of one entry. */
  graph(entry?: RelPath): ModuleGraph
  /** Looks, changes nothing; `generations` is empty: only `module` knows them. */
  explain(entry: RelPath): Promise<Explanation>
  /** Applies changed settings from the next request on; lower memory bounds hold on return. */
  configure(settings: Partial<LoaderSettings>): void
  stats(): LoaderStats
  /** Resolves once everything built so far is stored. */
  settled(): Promise<void>
  /** Refuses further requests, waits for builds and writes under way. */
  close(): Promise<void>
}

/** What the caches hold and have answered, and the loads on their way: waiting and building. */
export interface LoaderStats {
  readonly cache: CacheStats
  readonly queued: number
  readonly building: number
}

/** Hits and misses count flights: what many callers share counts once. */
export interface CacheStats extends ResidentStats {
  readonly hits: { readonly memory: number; readonly disk: number; readonly external: number }
  /** Loads that needed a build, by what had changed first; `new` when nothing was known. */
  readonly misses: Readonly<Record<string, number>>
}

/** What can change while the loader is used. */
export interface LoaderSettings extends MemoryLimits, BatchLimits {
  readonly validate: ValidateMode
}

/** What a loader is made of. */
export interface LoaderParts {
  readonly bundler: Bundler
  readonly resolver: Resolver
  readonly options: BuildOptions
  /** What it does not keep is built again. */
  readonly disk: LocalTier
  /** Undefined while the external tier is switched off. */
  readonly external: () => ByteTier | undefined
  readonly env: (name: string) => string | undefined
  readonly events: Emitter<LoadEvents & CacheEvents>
  readonly clock: Clock
  readonly settings: LoaderSettings
}

/** Makes a loader; does no I/O until it is asked for something. */
export function createLoader(parts: LoaderParts): Loader {
  return new ArtifactLoader(parts)
}

/** The face of the loader: what needs more than finding artifacts is put together here. */
class ArtifactLoader implements Loader {
  readonly #parts: LoaderParts
  #settings: LoaderSettings
  readonly #store: ArtifactStore
  readonly #lookup: Lookup
  readonly #residents: ResidentArtifacts
  readonly #tracked = new TrackedEntries()
  readonly #batcher: BuildBatcher
  readonly #writes: BackgroundWrites
  readonly #finder: ArtifactFinder
  readonly #maps = new SingleFlight<string | undefined>()
  /** Somebody watches, and passes every change set to `stale`. */
  #isWatched = false

  constructor(parts: LoaderParts) {
    const { bundler, clock, disk, env, events, external, options, settings } = parts
    this.#parts = parts
    this.#settings = settings
    this.#writes = new BackgroundWrites(events)
    const store = new ArtifactStore({ disk, external, maker: codeCacheMaker(env('NODE_OPTIONS')) })
    const fs = createSyncFs(options.root, env)
    const lookup = new Lookup({ store, fs, clock, writes: this.#writes })
    const residents = new ResidentArtifacts({ limits: settings, events, clock })
    const batcher = new BuildBatcher({ clock, build: this.#build }, settings)
    this.#finder = new ArtifactFinder({
      root: options.root,
      store,
      lookup,
      residents,
      batcher,
      clock,
      events,
      tracked: this.#tracked,
      writes: this.#writes,
      fingerprint: () => bundler.fingerprint(options),
      validateMode: () => this.#settings.validate,
    })
    this.#store = store
    this.#lookup = lookup
    this.#residents = residents
    this.#batcher = batcher
  }

  entryOf(specifier: string | URL, importer?: string): RelPath {
    const { options, resolver } = this.#parts
    return entryOf(specifier, importer, { root: options.root, resolver })
  }

  artifact(entry: RelPath, request: ArtifactRequest = {}): Promise<LoadedArtifact> {
    return this.#finder.artifact(entry, request)
  }

  artifactSync(entry: RelPath): LoadedArtifact {
    return this.#finder.artifactSync(entry)
  }

  async map(artifact: ArtifactFacts, signal?: AbortSignal): Promise<string | undefined> {
    const known = this.mapSync(artifact.id)
    if (known !== undefined) return known
    return this.#maps.run(artifact.id, (leave) => this.#makeMap(artifact, leave), signal)
  }

  async ensureMap(artifact: ArtifactFacts, signal?: AbortSignal): Promise<void> {
    const isThere = this.#residents.byArtifact(artifact.id)?.map !== undefined
    if (!isThere && !this.#store.hasMap(artifact.id)) await this.map(artifact, signal)
  }

  mapSync(artifactId: string): string | undefined {
    return this.#residents.byArtifact(artifactId)?.map ?? this.#store.map(artifactId)
  }

  asset(artifact: Artifact, sha256: Digest): Uint8Array | undefined {
    const resident = this.#residents.byArtifact(artifact.id)
    return resident?.assets.get(sha256) ?? this.#store.asset(sha256)
  }

  sourceText(artifact: ArtifactFacts, file: RelPath): string | undefined {
    return sourceText(this.#parts.options.root, artifact, file)
  }

  async storeCodeCache(artifact: Artifact, bytes: Uint8Array): Promise<void> {
    this.#residents.measured(artifact.id, bytes.byteLength)
    // It takes as much memory as the code: kept only where the disk does not keep it.
    if (this.#finder.isMemoryOnly(artifact) || !this.#store.isWritable) {
      this.#residents.update(artifact.id, { codeCache: bytes })
    } else await this.#store.putCodeCache(artifact.codeId, bytes)
  }

  settle({ id, entry }: ArtifactFacts): void {
    const manifest = this.#tracked.state(entry)?.manifest
    const { validate } = this.#settings
    if (manifest?.artifact !== id || validate === 'hash' || !this.#store.isWritable) return
    this.#lookup.disk(manifest.key, validate)
  }

  pin(artifact: Artifact, bytecodeBytes: number | undefined): () => void {
    const release = this.#tracked.retain(artifact.entry)
    const unpin = this.#residents.pin(artifact, bytecodeBytes)
    return () => {
      release()
      unpin()
    }
  }

  drop(entries?: readonly RelPath[]): number {
    return this.#finder.drop(entries)
  }

  stale(changes: ChangeSet): StaleSet {
    const moved = [...changes.changes.values()].some((kind) => kind !== 'changed')
    if (moved || changes.overflow) this.#parts.resolver.clear()
    return stale(changes, this.#tracked.inputs(), this.#parts.options.root)
  }

  watchTargets(entries?: Iterable<RelPath>): WatchTargets {
    this.#isWatched = true
    return watchTargets(this.#tracked.inputs(entries), this.#parts.options.root)
  }

  graph(entry?: RelPath): ModuleGraph {
    const states =
      entry === undefined
        ? [...this.#tracked.states()]
        : ([[entry, this.#tracked.state(entry)]] as const)
    const sources = states.map(([one, state]) => ({
      entry: one,
      metafile: state === undefined ? undefined : this.#metafileOf(state.graph),
    }))
    return moduleGraph(sources, isBuiltin)
  }

  explain(entry: RelPath): Promise<Explanation> {
    const { resolver, options } = this.#parts
    const specifier = isModuleUrl(entry) ? entry : `./${entry}`
    return explain(entry, {
      ...this.#finder.wanted(entry),
      lookup: this.#lookup,
      residents: this.#residents,
      mode: this.#settings.validate,
      resolution: resolver.explain(specifier, options.root + sep, 'entry'),
      importers: this.graph().modules.find(({ path }) => path === entry)?.importers ?? [],
    })
  }

  configure(settings: Partial<LoaderSettings>): void {
    this.#settings = { ...this.#settings, ...settings }
    const { maxEntries, maxBytes, ttlMs } = this.#settings
    this.#residents.configure({ maxEntries, maxBytes, ttlMs })
    this.#batcher.limits = this.#settings
  }

  stats(): LoaderStats {
    const cache = { ...this.#residents.stats(), ...this.#finder.counts() }
    return { cache, queued: this.#batcher.queued, building: this.#batcher.building }
  }

  settled(): Promise<void> {
    return this.#writes.settled()
  }

  async close(): Promise<void> {
    await this.#finder.close()
    await this.settled()
  }

  /**
   * A resolver remembers where things were and what was missing: it forgets before each build.
   * That costs 1 ms, so edits of a watched entry are spared: `stale` hears of what moves.
   */
  readonly #build: BatchParts['build'] = (entries, request) => {
    const { bundler, options, resolver } = this.#parts
    if (!request.hot || !this.#isWatched) resolver.clear()
    return bundler.build(entries, options, request)
  }

  async #makeMap(artifact: ArtifactFacts, signal: AbortSignal): Promise<string | undefined> {
    const { bundler, options } = this.#parts
    if (options.sourceMaps === 'none') return undefined
    const map = await bundler.map(artifact, options, signal)
    if (map === undefined) return undefined
    this.#residents.update(artifact.id, { map })
    if (!this.#finder.isMemoryOnly(artifact)) {
      this.#writes.add(artifact.entry, this.#store.putMap(artifact.id, map))
    }
    return map
  }

  #metafileOf(graph: BuildMetafile | Digest): BuildMetafile | undefined {
    return typeof graph === 'string' ? this.#store.graph(graph) : graph
  }
}
