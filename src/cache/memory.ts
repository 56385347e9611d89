import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/clock.ts'
import type { Emitter } from '../base/events.ts'
import type { CacheEvents, EvictionCause } from './events.ts'

/** The bounds of a memory tier; all can change while it is used. */
export interface MemoryLimits {
  /** How many entries at most; 0 switches the tier off. */
  readonly maxEntries: number
  /** Entries and pinned bytes together. */
  readonly maxBytes: number
  /** How long an entry is valid after it was set; 0 means for ever. */
  readonly ttlMs: number
}

/** What a memory tier is made of. */
export interface MemoryTierOptions<Value extends object> extends MemoryLimits {
  /** Bytes of a value now; called on `set` and `resize` only. */
  readonly sizeOf: (value: Value) => number
  /** Told about every entry that goes without being asked to; not about `delete` and `clear`. */
  readonly onEvict: (key: string, value: Value, because: EvictionCause) => void
  readonly events: Emitter<CacheEvents>
  readonly clock: Clock
}

/** What a memory tier holds now, and its hits, misses and evictions since it was made. */
export interface MemoryStats {
  readonly entries: number
  /** Of entries, without the pinned share. */
  readonly bytes: number
  readonly pinnedBytes: number
  /** The share of `pinnedBytes` that is a guess. */
  readonly estimatedBytes: number
  readonly hits: number
  readonly misses: number
  readonly evictions: number
}

/**
 * Keeps values within a number of entries and a number of bytes, least recently used go first.
 *
 * `pin` counts memory that belongs to the same budget and cannot be evicted, such as the code of
 * live generations. At every moment entries ≤ `maxEntries`, and bytes + pinned ≤ `maxBytes` unless
 * the pinned bytes alone are more: then nothing else is kept.
 */
export interface MemoryTier<Value extends object> {
  get(key: string): Value | undefined
  /** As `get`, without counting it or making the entry recent. */
  peek(key: string): Value | undefined
  /** @returns whether it was stored; a value larger than what pins leave is not */
  set(key: string, value: Value): boolean
  /** Counts a value anew after a part of it came or went; it keeps its age and becomes recent. */
  resize(key: string): void
  delete(key: string): boolean
  clear(): void
  /** Counts bytes that must stay; the same key again replaces its figures. */
  pin(key: string, bytes: number, estimatedBytes?: number): void
  unpin(key: string): void
  configure(limits: Partial<MemoryLimits>): void
  /** Most recent first. */
  values(): readonly Value[]
  /** True while pinned bytes alone exceed the budget. */
  readonly isUnderPressure: boolean
  readonly limits: MemoryLimits
  stats(): MemoryStats
}

/** Makes a memory tier; see `MemoryTier` for what it guarantees. */
export function createMemoryTier<Value extends object>(
  options: MemoryTierOptions<Value>,
): MemoryTier<Value> {
  return new LruTier(options)
}

interface Entry<Value> {
  readonly key: string
  readonly value: Value
  readonly storedAt: number
  readonly bytes: number
}

interface Pin {
  readonly bytes: number
  readonly estimatedBytes: number
}

const TIER = 'memory'

/**
 * lru-cache keeps the order and the sum; its own bounds are read-only, count no pins and would
 * allocate for `max` entries at once, so both bounds are applied here, by `#trim`.
 */
class LruTier<Value extends object> implements MemoryTier<Value> {
  readonly #options: MemoryTierOptions<Value>
  #limits: MemoryLimits
  readonly #entries = new LRUCache<string, Entry<Value>>({
    maxSize: Number.MAX_SAFE_INTEGER,
    sizeCalculation: (entry) => entry.bytes,
  })
  readonly #pins = new Map<string, Pin>()
  readonly #hit
  readonly #miss
  readonly #evicted
  readonly #pressure
  readonly #counts = { hits: 0, misses: 0, evictions: 0 }
  #pinnedBytes = 0
  #estimatedBytes = 0
  isUnderPressure = false

  constructor(options: MemoryTierOptions<Value>) {
    this.#options = options
    const { maxEntries, maxBytes, ttlMs } = options
    this.#limits = { maxEntries, maxBytes, ttlMs }
    this.#hit = options.events.channel('cache.hit')
    this.#miss = options.events.channel('cache.miss')
    this.#evicted = options.events.channel('cache.evicted')
    this.#pressure = options.events.channel('cache.pressure')
  }

  get limits(): MemoryLimits {
    return this.#limits
  }

  get(key: string): Value | undefined {
    const entry = this.#unlessExpired(this.#entries.get(key))
    if (entry !== undefined) {
      this.#counts.hits += 1
      if (this.#hit.listened) this.#hit.emit({ tier: TIER, key, bytes: entry.bytes })
      return entry.value
    }
    this.#counts.misses += 1
    if (this.#miss.listened) this.#miss.emit({ tier: TIER, key })
    return undefined
  }

  peek(key: string): Value | undefined {
    return this.#unlessExpired(this.#entries.peek(key))?.value
  }

  set(key: string, value: Value): boolean {
    this.#entries.delete(key)
    return this.#store(key, value, this.#options.clock.elapsed())
  }

  resize(key: string): void {
    const entry = this.#entries.peek(key)
    if (entry === undefined) return
    const bytes = this.#sizeOf(entry.value)
    if (bytes === entry.bytes) return
    // Grown beyond the whole budget it would push out every other entry before itself.
    if (bytes + this.#pinnedBytes > this.#limits.maxBytes) this.#evict(entry, 'bytes')
    else this.#entries.set(key, { ...entry, bytes })
    this.#trim()
  }

  delete(key: string): boolean {
    return this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }

  pin(key: string, bytes: number, estimatedBytes = 0): void {
    this.#forgetPin(key)
    this.#pins.set(key, { bytes, estimatedBytes })
    this.#pinnedBytes += bytes
    this.#estimatedBytes += estimatedBytes
    this.#trim()
  }

  unpin(key: string): void {
    this.#forgetPin(key)
    this.#trim()
  }

  configure(limits: Partial<MemoryLimits>): void {
    this.#limits = { ...this.#limits, ...limits }
    this.#trim()
  }

  values(): readonly Value[] {
    return Array.from(this.#entries.values(), (entry) => entry.value)
  }

  stats(): MemoryStats {
    return {
      entries: this.#entries.size,
      bytes: this.#entries.calculatedSize,
      pinnedBytes: this.#pinnedBytes,
      estimatedBytes: this.#estimatedBytes,
      ...this.#counts,
    }
  }

  #store(key: string, value: Value, storedAt: number): boolean {
    const bytes = this.#sizeOf(value)
    const { maxEntries, maxBytes } = this.#limits
    if (maxEntries === 0 || bytes + this.#pinnedBytes > maxBytes) return false
    this.#shrinkTo(maxEntries - 1, maxBytes - this.#pinnedBytes - bytes)
    this.#entries.set(key, { key, value, storedAt, bytes })
    return true
  }

  #trim(): void {
    const { maxEntries, maxBytes } = this.#limits
    this.#shrinkTo(maxEntries, maxBytes - this.#pinnedBytes)
    const wasUnderPressure = this.isUnderPressure
    this.isUnderPressure = this.#pinnedBytes > maxBytes
    if (!this.isUnderPressure || wasUnderPressure || !this.#pressure.listened) return
    this.#pressure.emit({ pinnedBytes: this.#pinnedBytes, maxBytes })
  }

  #shrinkTo(maxEntries: number, maxBytes: number): void {
    while (this.#entries.size > maxEntries) this.#evictOldest('entries')
    while (this.#entries.size > 0 && this.#entries.calculatedSize > maxBytes) {
      this.#evictOldest('bytes')
    }
  }

  #evictOldest(because: EvictionCause): void {
    const entry = this.#entries.pop()
    if (entry !== undefined) this.#evict(entry, because)
  }

  #evict(entry: Entry<Value>, because: EvictionCause): void {
    const { key, value, bytes } = entry
    this.#entries.delete(key)
    this.#counts.evictions += 1
    this.#options.onEvict(key, value, because)
    if (this.#evicted.listened) this.#evicted.emit({ tier: TIER, key, bytes, because })
  }

  #forgetPin(key: string): void {
    const pin = this.#pins.get(key)
    if (pin === undefined) return
    this.#pins.delete(key)
    this.#pinnedBytes -= pin.bytes
    this.#estimatedBytes -= pin.estimatedBytes
  }

  /** An expired entry goes when it is seen, and whoever names it elsewhere is told. */
  #unlessExpired(entry: Entry<Value> | undefined): Entry<Value> | undefined {
    const { ttlMs } = this.#limits
    if (entry === undefined || ttlMs === 0) return entry
    if (this.#options.clock.elapsed() - entry.storedAt < ttlMs) return entry
    this.#evict(entry, 'age')
    return undefined
  }

  /** lru-cache refuses a size of 0. */
  #sizeOf(value: Value): number {
    return Math.max(1, Math.ceil(this.#options.sizeOf(value)))
  }
}
