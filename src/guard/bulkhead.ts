import type { Clock, Scheduled } from '../base/clock.ts'
import { WaitQueue } from '../base/wait-queue.ts'

/** A place that a running call holds. */
export interface Slot {
  /** Gives the place back; a second time does nothing. */
  release(): void
}

/** How many calls run and wait; may change at run time. */
export interface BulkheadLimits {
  /** How many calls run at once; an integer from 1 on. */
  readonly limit: number
  /** How many wait; 0 refuses at once. */
  readonly queue: number
  /** How long each waits at most; 0 refuses at once. */
  readonly queueTimeoutMs: number
}

export type FullReason = 'queue-full' | 'queue-timeout'

/**
 * Bounds how many calls run at once, and how many wait for how long.
 *
 * Invariants: a call waits only while no place is free, so a newcomer who finds one overtakes
 * nobody; there is one timer while somebody waits, for who has waited longest, and none
 * otherwise. All waiters have the same patience, so they run out of it in order.
 */
export class Bulkhead {
  #inflight = 0
  #limits: BulkheadLimits
  #timer: Scheduled | undefined
  /** Made for the first one who waits. */
  #queue: WaitQueue<Slot> | undefined
  readonly #clock: Clock
  readonly #makeError: (reason: FullReason) => Error

  /** @param makeError - makes what a refused call throws */
  constructor(limits: BulkheadLimits, clock: Clock, makeError: (reason: FullReason) => Error) {
    this.#limits = limits
    this.#clock = clock
    this.#makeError = makeError
  }

  /** How many places are held. */
  get inflight(): number {
    return this.#inflight
  }

  /** How many calls wait. */
  get queued(): number {
    return this.#queue?.length ?? 0
  }

  get limit(): number {
    return this.#limits.limit
  }

  /**
   * Takes a place: at once if one is free, else a promise of one. Who gets one has to release it,
   * even when its caller has aborted meanwhile.
   *
   * @param signal - ends the waiting with its reason
   * @throws what `makeError` makes: at once when nobody may wait, later when the time is over
   */
  acquire(signal?: AbortSignal): Slot | Promise<Slot> {
    const { limit, queue, queueTimeoutMs } = this.#limits
    if (this.#inflight < limit) return this.#take()
    if (this.queued >= queue) throw this.#makeError('queue-full')
    if (queueTimeoutMs <= 0) throw this.#makeError('queue-timeout')
    this.#queue ??= new WaitQueue(() => this.#stopTimer())
    const slot = this.#queue.wait(signal, this.#clock.elapsed())
    if (this.#timer === undefined && this.queued > 0) this.#startTimer()
    return slot
  }

  /** Takes a place if one is free; throws what `makeError` makes where one would have to wait. */
  acquireNow(): Slot {
    if (this.#inflight >= this.#limits.limit) throw this.#makeError('queue-full')
    return this.#take()
  }

  /**
   * Changes the limits at once. Waiters take up new places; over a lower limit the running calls
   * finish, and nobody starts until there is room. Waiters over a shorter queue keep their place.
   */
  configure(limits: BulkheadLimits): void {
    this.#limits = limits
    this.#admit()
    this.#expire()
  }

  /** Changes only how many calls run at once. */
  resize(limit: number): void {
    if (limit !== this.#limits.limit) this.configure({ ...this.#limits, limit })
  }

  /** Refuses everyone who waits: the circuit has opened, or the guard has ended. */
  refuseWaiters(makeError: () => Error): void {
    this.#queue?.refuse(() => true, makeError)
  }

  #take(): Slot {
    this.#inflight += 1
    let held = true
    return {
      release: () => {
        if (!held) return
        held = false
        this.#inflight -= 1
        this.#admit()
      },
    }
  }

  #admit(): void {
    while (this.queued > 0 && this.#inflight < this.#limits.limit) {
      this.#queue?.serve(this.#take())
    }
  }

  /** Refuses who has waited too long, and sets the timer for the next one. */
  #expire(): void {
    this.#stopTimer()
    const latest = this.#clock.elapsed() - this.#limits.queueTimeoutMs + NO_TIME_MS
    this.#queue?.refuse(
      ({ since }) => since <= latest,
      () => this.#makeError('queue-timeout'),
    )
    if (this.queued > 0) this.#startTimer()
  }

  #startTimer(): void {
    const { since } = this.#queue?.first ?? { since: 0 }
    const delayMs = since + this.#limits.queueTimeoutMs - this.#clock.elapsed()
    // What runs may never end: without the timer a program would end while its call waits.
    this.#timer = this.#clock.schedule(() => this.#expire(), delayMs, { keepsAlive: true })
  }

  #stopTimer(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }
}

/** What a difference of two times may be wrong by after years of uptime. */
const NO_TIME_MS = 1e-3
