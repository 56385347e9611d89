import { existsSync, promises, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { codeOf, messageOf } from '../base/error.ts'
import type { Emitter } from '../base/events.ts'
import type { Secret } from '../base/secret.ts'
import { inspectCache, verifyCache, type CacheInfo, type VerifyReport } from './disk-report.ts'
import {
  addUsage,
  readStored,
  readStoredSync,
  touch,
  writeWhole,
  type StoredFile,
} from './disk-file.ts'
import { addUsageSync, touchSync, writeWholeSync } from './disk-file-sync.ts'
import { allocatedBytes, fileOf, parseKey, VERSION_FOLDER, type DiskKey } from './disk-layout.ts'
import { open, seal } from './envelope.ts'
import type { CacheEvents } from './events.ts'
import { collectGarbage, NOTHING, type GcReport } from './gc.ts'
import { checkOwner } from './owner.ts'
import { Opener } from './opener.ts'
import type { Sighting } from './sighting.ts'
import type { LocalTier, Reading, TierStats } from './tier.ts'

/**
 * `readonly` writes nothing on its own, not even times; `off` answers nothing either. An explicit
 * `prune()` or `clear()` acts in mode `readonly` and has nothing to do in mode `off`.
 */
export type DiskMode = 'readwrite' | 'readonly' | 'off'

/** What may change while the tier is used. */
export interface DiskLimits {
  readonly mode: DiskMode
  readonly maxBytes: number
  readonly maxAgeMs: number
}

/** What a disk tier is made of. */
export interface DiskTierOptions extends DiskLimits {
  /** `disk`, or `external` for a folder shared by several caches. */
  readonly name: string
  /** Absolute; see `cacheDir()`. */
  readonly dir: string
  readonly secret: Secret | undefined
  /** Which keys (`blobs/…`, `maps/…`) the payload of a file of the space `keys` names. */
  readonly referencesOf: (payload: Uint8Array) => readonly string[]
  readonly events: Emitter<CacheEvents>
  readonly clock: Clock
  /** A name that no other writer of the folder uses, of letters, digits and `-`. */
  readonly uniqueName: () => string
  /** See `bootId()`; asked once. */
  readonly bootId: () => string | undefined
}

/** How much a `prune` leaves; what is not given is the tier's own bound. */
export interface PruneOptions {
  readonly maxBytes?: number
  readonly maxAgeMs?: number
  readonly dryRun?: boolean
}

/** The disk cache of a project, and what the command `somon cache` does with it. */
export interface DiskTier extends LocalTier {
  readonly dir: string
  readonly mode: DiskMode
  /** As `set` for each in order; the first that cannot be written is the last that is tried. */
  setAllSync(entries: ReadonlyMap<string, Uint8Array>): void
  /** Changes mode and bounds from now on; a smaller bound is enforced in the background. */
  configure(limits: Partial<DiskLimits>): void
  /** Collects garbage now, in mode `readonly` too; in mode `off` it does not run. */
  prune(options?: PruneOptions): Promise<GcReport>
  /** Opens every file and names those that do not open; removes nothing. */
  verify(): Promise<VerifyReport>
  /**
   * Removes everything, of all processes, in mode `readonly` too.
   *
   * @returns false in mode `off`, when nothing is removed
   */
  clear(): Promise<boolean>
  info(): Promise<CacheInfo>
}

/**
 * Makes the disk tier. Touches the disk on first use only.
 *
 * @throws SomonError SOMON_CACHE_FOREIGN_OWNER from any later call, when the directory belongs
 *   to another user
 */
export function createDiskTier(options: DiskTierOptions): DiskTier {
  return new FolderTier(options)
}

const SUSPENDED_MS = 60e3
const DAY_MS = 86_400e3

/**
 * Invariants:
 * - a file under its final name is whole or its envelope does not open;
 * - nothing lists a folder on behalf of `get` or `set`, only a collection does;
 * - no state of the disk makes `get` or `set` fail, except a foreign owner;
 * - everything started is in `#pending`, so `close` leaves nothing behind.
 */
class FolderTier implements DiskTier {
  readonly name: string
  readonly dir: string
  readonly #options: DiskTierOptions
  readonly #opener: Opener
  #limits: DiskLimits
  readonly #pending = new Set<Promise<unknown>>()
  readonly #hit
  readonly #miss
  readonly #corrupt
  readonly #evicted
  readonly #readonly
  readonly #stats = { hits: 0, misses: 0, evictions: 0, writeErrors: 0, entries: 0, bytes: 0 }
  #ownerChecked = false
  #suspendedUntil = -Infinity
  #collecting = false

  constructor(options: DiskTierOptions) {
    this.name = options.name
    this.dir = options.dir
    this.#options = options
    this.#opener = new Opener(options)
    this.#limits = options
    this.#hit = options.events.channel('cache.hit')
    this.#miss = options.events.channel('cache.miss')
    this.#corrupt = options.events.channel('cache.corrupt')
    this.#evicted = options.events.channel('cache.evicted')
    this.#readonly = options.events.channel('cache.readonly')
  }

  get mode(): DiskMode {
    return this.#limits.mode
  }

  async get(key: string, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    signal?.throwIfAborted()
    const parsed = parseKey(key)
    if (!this.#isReadable()) return undefined
    const stored = await readStored(fileOf(this.dir, parsed))
    return this.#answer(key, parsed, stored, stored && this.#opener.open(key, stored))
  }

  getSync(key: string): Uint8Array | undefined {
    const parsed = parseKey(key)
    if (!this.#isReadable()) return undefined
    const stored = readStoredSync(fileOf(this.dir, parsed))
    return this.#answer(key, parsed, stored, stored && this.#opener.open(key, stored))
  }

  readSync(key: string, seen: Sighting | undefined): Reading | undefined {
    const parsed = parseKey(key)
    if (!this.#isReadable()) return undefined
    const seenAt = this.#options.clock.now()
    const stored = readStoredSync(fileOf(this.dir, parsed))
    const opened = stored && this.#opener.openSeen(key, stored, seen, seenAt)
    const bytes = this.#answer(key, parsed, stored, opened?.payload)
    return bytes && { bytes, isTrusted: opened?.isTrusted === true, seen: opened?.seen }
  }

  async set(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    const parsed = parseKey(key)
    if (!this.#isReadable() || !this.isWritable()) return
    await this.#track(this.#store(key, parsed, bytes))
  }

  hasSync(key: string): boolean {
    return this.#isReadable() && existsSync(fileOf(this.dir, parseKey(key)))
  }

  setAllSync(entries: ReadonlyMap<string, Uint8Array>): void {
    if (!this.#isReadable() || !this.isWritable()) return
    let written = 0
    try {
      for (const [key, bytes] of entries) written += this.#storeSync(key, bytes)
      this.#stats.bytes = addUsageSync(this.dir, written)
    } catch (error) {
      this.#suspend(error)
      return
    }
    if (this.#stats.bytes > this.#limits.maxBytes) this.#collectLater()
  }

  async delete(key: string): Promise<void> {
    const file = fileOf(this.dir, parseKey(key))
    if (!this.#isReadable() || !this.isWritable()) return
    await this.#track(promises.rm(file, { force: true }).catch((error) => this.#suspend(error)))
  }

  /** Sizes are what the last collection left and what was written since: an upper estimate. */
  stats(): TierStats {
    return { ...this.#stats }
  }

  configure(limits: Partial<DiskLimits>): void {
    this.#limits = { ...this.#limits, ...limits }
    this.#suspendedUntil = -Infinity
    if (this.#stats.bytes > this.#limits.maxBytes && this.isWritable()) this.#collectLater()
  }

  async prune(options: PruneOptions = {}): Promise<GcReport> {
    this.#checkOwner()
    if (this.mode === 'off') return { ...NOTHING, ran: false }
    return this.#collect({ ...this.#limits, dryRun: false, ...options })
  }

  async verify(): Promise<VerifyReport> {
    this.#checkOwner()
    return verifyCache(this.dir, this.#options.secret)
  }

  async info(): Promise<CacheInfo> {
    return inspectCache(this.dir, this.#limits)
  }

  async clear(): Promise<boolean> {
    this.#checkOwner()
    if (this.mode === 'off') return false
    await this.#settled()
    await promises.rm(join(this.dir, VERSION_FOLDER), {
      recursive: true,
      force: true,
      maxRetries: 5,
    })
    this.#stats.entries = 0
    this.#stats.bytes = 0
    return true
  }

  async close(): Promise<void> {
    await this.#settled()
  }

  /** @param payload - undefined when there is no file, or when it does not open */
  #answer(
    key: string,
    parsed: DiskKey,
    stored: StoredFile | undefined,
    payload: Uint8Array | undefined,
  ): Uint8Array | undefined {
    if (stored === undefined || payload === undefined) {
      this.#stats.misses += 1
      if (stored !== undefined) this.#discard(key, fileOf(this.dir, parsed))
      if (this.#miss.listened) this.#miss.emit({ tier: this.name, key })
      return undefined
    }
    this.#stats.hits += 1
    if (this.#hit.listened) {
      this.#hit.emit({ tier: this.name, key, bytes: payload.byteLength })
    }
    this.#markUsed(parsed, stored.mtimeMs)
    return payload
  }

  /** At most daily, so that a hit is not a write; a time in the future is put right. */
  #markUsed(parsed: DiskKey, mtimeMs: number): void {
    if (parsed.space !== 'keys' && parsed.space !== 'code') return
    const now = this.#options.clock.now()
    if (Math.abs(now - mtimeMs) < DAY_MS || !this.isWritable()) return
    const touched = touch(fileOf(this.dir, parsed), now)
    void this.#track(touched.catch((error) => this.#suspend(error)))
  }

  #discard(key: string, file: string): void {
    if (this.#corrupt.listened) this.#corrupt.emit({ tier: this.name, key, file })
    if (!this.isWritable()) return
    // At once: a blob that is stored again must not find the torn one and leave it at that.
    try {
      rmSync(file, { force: true })
    } catch (error) {
      this.#suspend(error)
    }
  }

  async #store(key: string, parsed: DiskKey, bytes: Uint8Array): Promise<void> {
    const { secret, clock } = this.#options
    const file = fileOf(this.dir, parsed)
    try {
      // A blob's name says its content. Its time keeps the collection from taking it for
      // forgotten before the key that names it is written.
      if (parsed.space === 'blobs' && (await touch(file, clock.now()))) return
      const sealed = seal(bytes, { key, secret })
      await writeWhole(this.dir, file, sealed, this.#options.uniqueName())
      this.#stats.entries += 1
      this.#stats.bytes = await addUsage(this.dir, sealed.byteLength)
    } catch (error) {
      this.#suspend(error)
      return
    }
    if (this.#stats.bytes > this.#limits.maxBytes) this.#collectLater()
  }

  /** Returns what it takes on disk. */
  #storeSync(key: string, bytes: Uint8Array): number {
    const { secret, clock } = this.#options
    const parsed = parseKey(key)
    const file = fileOf(this.dir, parsed)
    if (parsed.space === 'blobs' && touchSync(file, clock.now())) return 0
    const sealed = seal(bytes, { key, secret })
    writeWholeSync(this.dir, file, sealed, this.#options.uniqueName())
    this.#stats.entries += 1
    return allocatedBytes(sealed.byteLength)
  }

  #collectLater(): void {
    // The mode may have changed while the write that asks for it was under way.
    if (this.#collecting || !this.isWritable()) return
    this.#collecting = true
    const collection = this.#collect({ ...this.#limits, dryRun: false })
      .catch((error: unknown) => this.#suspend(error))
      .finally(() => {
        this.#collecting = false
      })
    void this.#track(collection)
  }

  async #collect(bounds: Required<PruneOptions>): Promise<GcReport> {
    const report = await collectGarbage({
      ...bounds,
      dir: this.dir,
      now: this.#options.clock.now(),
      referencesOf: (file, sealed) => this.#referencesOf(file.key, sealed),
      onRemoved: ({ file, because }) => {
        this.#stats.evictions += 1
        const { key, bytes } = file
        if (this.#evicted.listened) {
          this.#evicted.emit({ tier: this.name, key, bytes, because })
        }
      },
    })
    if (report.ran && !bounds.dryRun) {
      this.#stats.entries = report.remaining
      this.#stats.bytes = report.remainingBytes
    }
    return report
  }

  #referencesOf(key: string, sealed: Uint8Array): readonly string[] {
    const payload = open(sealed, { key, secret: this.#options.secret })
    return payload === undefined ? [] : this.#options.referencesOf(payload)
  }

  /** Whether the tier answers at all; refuses a directory that somebody else controls. */
  #isReadable(): boolean {
    if (this.mode === 'off') return false
    this.#checkOwner()
    return true
  }

  #checkOwner(): void {
    if (!this.#ownerChecked) this.#ownerChecked = checkOwner(this.dir)
  }

  isWritable(): boolean {
    const { mode } = this.#limits
    return mode === 'readwrite' && this.#options.clock.elapsed() >= this.#suspendedUntil
  }

  /** Several writes may fail at once: the first one reports. */
  #suspend(error: unknown): void {
    this.#stats.writeErrors += 1
    this.#ownerChecked = false
    // The tree was removed between two steps of one write: the next write makes it anew.
    if (codeOf(error) === 'ENOENT' || !this.isWritable()) return
    this.#suspendedUntil = this.#options.clock.elapsed() + SUSPENDED_MS
    if (!this.#readonly.listened) return
    this.#readonly.emit({
      tier: this.name,
      dir: this.dir,
      because: codeOf(error) ?? messageOf(error),
      retryAfterMs: SUSPENDED_MS,
    })
  }

  #track<T>(promise: Promise<T>): Promise<T> {
    this.#pending.add(promise)
    const end = (): void => {
      this.#pending.delete(promise)
    }
    promise.then(end, end)
    return promise
  }

  async #settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending)
  }
}
