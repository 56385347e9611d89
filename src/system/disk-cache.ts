import type { Clock } from '../base/clock.ts'
import { crypto } from '../base/crypto.ts'
import type { Emitter } from '../base/events.ts'
import type { Secret } from '../base/secret.ts'
import type { DiskMode, DiskTier } from '../cache/disk.ts'
import { createDiskTier } from '../cache/disk.ts'
import type { CacheEvents } from '../cache/events.ts'
import { bootId } from '../cache/sighting.ts'
import { referencesOf } from '../load/manifest.ts'

/** What decides the disk cache of a project: the settings `cache.disk.*` and `cache.secret`. */
export interface DiskCacheOptions {
  /** Absolute. */
  readonly dir: string
  readonly mode: DiskMode
  readonly maxBytes: number
  readonly maxAgeMs: number
  readonly secret: Secret | undefined
}

/** Opens the disk cache that loading and bundling share; nothing is touched before it is used. */
export function openDiskCache(
  options: DiskCacheOptions,
  events: Emitter<CacheEvents>,
  clock: Clock,
): DiskTier {
  return createDiskTier({
    ...options,
    name: 'disk',
    ...{ referencesOf, bootId, events, clock },
    uniqueName: () => crypto().randomUUID(),
  })
}
