import type { Clock } from '../base/clock.ts'
import type { Emitter } from '../base/events.ts'
import { Bulkhead, type BulkheadLimits, type FullReason, type Slot } from './bulkhead.ts'
import type { GuardEvents } from './events.ts'
import { Gradient2 } from './gradient2.ts'
import type { BulkheadSettings } from './settings.ts'

/** What the places of one guard need. */
export interface PlacesParts {
  readonly owner: string
  readonly dependency: string
  readonly clock: Clock
  readonly events: Emitter<GuardEvents>
}

/** The bulkhead of one guard, by its mode: as many places as set, as latencies allow, or no end. */
export class Places {
  readonly #parts: PlacesParts
  readonly #bulkhead: Bulkhead
  #settings: BulkheadSettings
  #gradient: Gradient2 | undefined

  constructor(
    parts: PlacesParts,
    settings: BulkheadSettings,
    makeError: (reason: FullReason) => Error,
  ) {
    this.#parts = parts
    this.#settings = settings
    this.#gradient = this.#makeGradient()
    this.#bulkhead = new Bulkhead(this.#limits(), parts.clock, makeError)
  }

  /** How many places are held. */
  get inflight(): number {
    return this.#bulkhead.inflight
  }

  /** How many calls wait. */
  get queued(): number {
    return this.#bulkhead.queued
  }

  /** Infinity where the bulkhead is off. */
  get limit(): number {
    return this.#bulkhead.limit
  }

  /** Takes a place, now or later; as `Bulkhead.acquire()`. */
  acquire(signal: AbortSignal | undefined): Slot | Promise<Slot> {
    return this.#bulkhead.acquire(signal)
  }

  /** Takes a place for a call that runs already; as `Bulkhead.acquireNow()`. */
  acquireNow(): Slot {
    return this.#bulkhead.acquireNow()
  }

  /** Learns from the duration of a call that still holds its place. */
  sample(durationMs: number): void {
    if (this.#gradient === undefined) return
    this.#gradient.sample(durationMs, this.#bulkhead.inflight)
    const { limit } = this.#gradient
    if (limit === this.#bulkhead.limit) return
    this.#bulkhead.resize(limit)
    const { owner, dependency, events } = this.#parts
    const channel = events.channel('guard.limit')
    if (channel.listened) channel.emit({ owner, dependency, limit })
  }

  configure(settings: BulkheadSettings): void {
    const { mode } = this.#settings
    this.#settings = settings
    if (mode !== settings.mode) this.#gradient = this.#makeGradient()
    else if (this.#gradient !== undefined) this.#gradient.max = settings.max
    this.#bulkhead.configure(this.#limits())
  }

  refuseWaiters(makeError: () => Error): void {
    this.#bulkhead.refuseWaiters(makeError)
  }

  #makeGradient(): Gradient2 | undefined {
    const { mode, max } = this.#settings
    return mode === 'gradient2' ? new Gradient2(max, this.#parts.clock) : undefined
  }

  #limits(): BulkheadLimits {
    const { mode, max, queue, queueTimeoutMs } = this.#settings
    const limit = mode === 'off' ? Infinity : (this.#gradient?.limit ?? max)
    return { limit, queue, queueTimeoutMs }
  }
}
