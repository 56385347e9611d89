import type { Sighting } from './sighting.ts'

/** Counters and sizes of one tier; counters only grow. */
export interface TierStats {
  readonly entries: number
  readonly bytes: number
  readonly hits: number
  readonly misses: number
  readonly evictions: number
  readonly writeErrors: number
}

/**
 * A place for immutable bytes under a key `space/name`, such as `blobs/<sha256>`.
 *
 * A tier is an optimisation: `get` of something torn or tampered with is undefined, `set` that
 * cannot write reports an event and resolves. Nothing here throws for the state of a disk.
 */
export interface ByteTier {
  readonly name: string
  get(key: string, signal?: AbortSignal): Promise<Uint8Array | undefined>
  set(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void>
  /** False while `set` keeps nothing, so that nobody prepares bytes for it. */
  isWritable?(): boolean
  delete(key: string): Promise<void>
  stats(): TierStats
  close(): Promise<void>
}

/** What a local tier read. */
export interface Reading {
  readonly bytes: Uint8Array
  /** They were not hashed, because their file is as it was seen. */
  readonly isTrusted: boolean
  /** What to hand in next time; undefined when nothing can be trusted yet. */
  readonly seen: Sighting | undefined
}

/** A tier on this machine: it answers at once, and knows files again that it has verified. */
export interface LocalTier extends ByteTier {
  getSync(key: string): Uint8Array | undefined
  /** Whether a file lies under a key; says nothing of what is in it. */
  hasSync(key: string): boolean
  /** As `getSync`, but spares hashing a file that is still as `seen` says. */
  readSync(key: string, seen: Sighting | undefined): Reading | undefined
}
