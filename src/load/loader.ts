import type { RelPath } from '../base/project-path.ts'
import type { Artifact } from '../bundle/artifact.ts'
import type { LoadedArtifact } from './loaded-artifact.ts'
import type { Explanation } from './explanation.ts'
import type { ModuleGraph } from './module-graph.ts'

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
  /** Resolves what a user wrote to an entry: a path, a file URL, or a package. */
  entryOf(specifier: string | URL, importer?: string): RelPath
  artifact(entry: RelPath, request?: ArtifactRequest): Promise<LoadedArtifact>
  /** @throws SomonError SOMON_LOAD_SYNC_MISS when only a build could answer */
  artifactSync(entry: RelPath): LoadedArtifact
  /** The source map of an artifact: stored, or made now from unchanged inputs. */
  map(artifact: Artifact, signal?: AbortSignal): Promise<string | undefined>
  /** The stored or remembered map without waiting. */
  mapSync(artifactId: string): string | undefined
  /** The text of an input if it is still the one that was built. */
  sourceText(artifact: Artifact, file: RelPath): string | undefined
  storeCodeCache(artifact: Artifact, bytes: Uint8Array): Promise<void>
  /** Forgets what memory holds of entries, or of everything. */
  drop(entries?: readonly RelPath[]): number
  /** The graph of everything loaded or failed, or of one entry. */
  graph(entry?: RelPath): ModuleGraph
  explain(entry: RelPath): Promise<Explanation>
  stats(): LoaderStats
  close(): Promise<void>
}

export interface LoaderStats {
  readonly cache: CacheStats
  readonly queued: number
  readonly building: number
}

export interface CacheStats {
  readonly entries: number
  readonly bytes: number
  readonly parts: {
    readonly code: number
    readonly maps: number
    readonly codeCache: number
    readonly manifests: number
    readonly pinned: number
    /** The share of `pinned` that is a guess: bytecode of code without a code cache. */
    readonly estimated: number
  }
  readonly hits: { readonly memory: number; readonly disk: number; readonly external: number }
  /** Loads that needed a build, by cause. */
  readonly misses: Readonly<Record<string, number>>
  readonly evictions: number
  readonly maxEntries: number
  readonly maxBytes: number
}
