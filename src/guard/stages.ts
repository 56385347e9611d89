import type { AsyncLocalStorage } from 'node:async_hooks'
import type { Clock } from '../base/clock.ts'
import { codeOf } from '../base/error.ts'
import type { Emitter, EventChannel } from '../base/events.ts'
import { assertExport } from './breaker-export.ts'
import { Breaker } from './breaker.ts'
import { Bulkhead, type BulkheadLimits, type Slot } from './bulkhead.ts'
import type { GuardEvents } from './events.ts'
import type { GuardFunctions } from './functions.ts'
import { Gradient2 } from './gradient2.ts'
import { GuardErrors } from './guard-errors.ts'
import type { Nesting } from './nesting.ts'
import { classify, IGNORED, type Verdict } from './outcome.ts'
import { RateLimit } from './rate.ts'
import type { GuardSettings } from './settings.ts'
import { reportedState } from './snapshot.ts'
import type { Refusal, Ticket } from './ticket.ts'

/** What a guard is made of. */
export interface GuardParts {
  readonly owner: string
  readonly dependency: string
  readonly clock: Clock
  /** From 0 to below 1. */
  readonly random: () => number
  readonly events: Emitter<GuardEvents>
  /** One for all guards of a system. */
  readonly nesting: AsyncLocalStorage<Nesting>
  readonly functions?: GuardFunctions | undefined
}

/**
 * The stages of one guard from the breaker inwards, and what it tells; every way in uses the same.
 *
 * Invariants: every admitted call is reported to the breaker exactly once or withdrawn; a refusal
 * from inside the breaker (full, limited) says nothing about the dependency; a call that does not
 * start keeps neither token nor place.
 */
export class GuardStages {
  readonly parts: GuardParts
  readonly breaker: Breaker
  readonly bulkhead: Bulkhead
  readonly rate: RateLimit
  readonly errors: GuardErrors
  readonly #calls: EventChannel<GuardEvents['guard.call']>
  #gradient: Gradient2 | undefined
  #settings: GuardSettings
  #isDisposed = false

  constructor(parts: GuardParts, settings: GuardSettings) {
    const { owner, dependency, clock, random, events } = parts
    this.parts = parts
    this.#settings = settings
    this.#calls = events.channel('guard.call')
    this.errors = new GuardErrors({ owner, dependency }, () => reportedState(this.breaker))
    this.breaker = new Breaker(
      {
        ...{ owner, dependency, clock, random, events },
        onTransition: (to) => {
          if (to === 'open') this.refuseWaiters(() => this.#opened())
        },
      },
      settings,
    )
    this.#gradient = gradientOf(settings, clock)
    this.bulkhead = new Bulkhead(this.#limits(), clock, (reason) => this.errors.full(reason))
    this.rate = new RateLimit(settings.rate, clock, (retryAfterMs) =>
      this.errors.limited(retryAfterMs),
    )
  }

  get settings(): GuardSettings {
    return this.#settings
  }

  /** How many calls wait for a token or a place. */
  get queued(): number {
    return this.bulkhead.queued + this.rate.queued
  }

  configure(settings: GuardSettings): void {
    const { bulkhead } = this.#settings
    this.#settings = settings
    if (bulkhead.mode !== settings.bulkhead.mode) {
      this.#gradient = gradientOf(settings, this.parts.clock)
    } else if (this.#gradient !== undefined) this.#gradient.max = settings.bulkhead.max
    this.bulkhead.configure(this.#limits())
    this.rate.configure(settings.rate)
    this.breaker.configure(settings)
    this.#refuseIsolated()
  }

  isolate(by: string | undefined): void {
    this.breaker.isolate(by)
    this.#refuseIsolated()
  }

  import(exported: unknown): void {
    assertExport(exported, (field) => this.errors.notAnExport(field))
    this.breaker.import(exported)
    this.#refuseIsolated()
  }

  /** Refuses who waits and who comes, and ends all timers; running calls go on. */
  dispose(): void {
    if (this.#isDisposed) return
    this.#isDisposed = true
    this.refuseWaiters(() => this.errors.disposed())
    this.breaker.dispose()
  }

  refuseWaiters(makeError: () => Error): void {
    this.bulkhead.refuseWaiters(makeError)
    this.rate.refuseWaiters(makeError)
  }

  /** Asks the breaker; a refusal is counted and told. */
  admit(): Ticket | Error {
    if (this.#isDisposed) return this.errors.disposed()
    const admitted = this.breaker.admit()
    return admitted.admitted ? admitted : this.refused(admitted)
  }

  /** Tells of a refusal of the breaker, and makes its error. */
  refused(refusal: Refusal): Error {
    this.#tell(refusal.state === 'isolated' ? 'isolated' : 'open', NO_TIME)
    return this.errors.refused(refusal)
  }

  /**
   * Takes a place for a call that has its token, now or later; undefined where nothing bounds
   * their number. Whoever gets none gives the token back.
   */
  slot(signal: AbortSignal | undefined): Slot | undefined | Promise<Slot> {
    if (this.#settings.bulkhead.mode === 'off') return undefined
    const slot = this.#orGiveBack(() => this.bulkhead.acquire(signal))
    if (slot instanceof Promise) slot.catch(() => this.rate.giveBack())
    return slot
  }

  /** The same for a call that runs already: it throws where one would have to wait. */
  slotNow(): Slot | undefined {
    if (this.#settings.bulkhead.mode === 'off') return undefined
    return this.#orGiveBack(() => this.bulkhead.acquireNow())
  }

  /** Ends the ticket of a call that does not start: it was refused, or its caller has gone. */
  turnedAway(ticket: Ticket, error: unknown, signal?: AbortSignal): void {
    if (signal?.aborted === true && error === signal.reason) {
      ticket.report(IGNORED)
      this.#tell('ignored', NO_TIME)
      return
    }
    ticket.withdraw()
    const outcome = REFUSED[codeOf(error) ?? '']
    if (outcome !== undefined) this.#tell(outcome, NO_TIME)
  }

  /** Tells of a call whose caller had gone before it came, and returns the reason. */
  goneBefore({ reason }: AbortSignal): unknown {
    this.#tell('ignored', NO_TIME)
    return reason
  }

  /** Counts the result of a call and tells it; the caller has to learn of it afterwards. */
  settled(
    ticket: Ticket,
    verdict: Verdict,
    error: unknown,
    { durationMs, queuedMs, isUnbounded }: CallTimes,
  ): void {
    const stale = ticket.isStale
    const isSample = verdict.outcome !== 'ignored' && isUnbounded !== true
    if (this.#gradient !== undefined && isSample) {
      this.#gradient.sample(durationMs, this.bulkhead.inflight)
      this.#resize(this.#gradient.limit)
    }
    ticket.report(verdict, error)
    this.#tell(verdict.outcome, { slow: verdict.slow, stale, durationMs, queuedMs })
  }

  /** Counts a failure that came to light after its call had ended well. */
  recordFailure(error: unknown, generation: number): void {
    const verdict = this.verdictOn(error, 0, undefined)
    if (!isBad(verdict)) return
    const counted = this.breaker.recordFailure(verdict, error, generation)
    this.#tell(verdict.outcome, { ...NO_TIME, stale: !counted })
  }

  /** What an error says about the dependency. */
  verdictOn(error: unknown, elapsedMs: number, signal: AbortSignal | undefined): Verdict {
    return classify(error, elapsedMs, {
      settings: this.#settings,
      signal,
      isFailure: this.parts.functions?.isFailure,
      onFault: (fault) => this.fault('isFailure', fault),
    })
  }

  /** Tells that a call keeps its place no longer although it has not ended. */
  abandoned(): void {
    const { owner, dependency, events } = this.parts
    const channel = events.channel('guard.abandoned')
    if (channel.listened) channel.emit({ owner, dependency })
  }

  /** Nobody needs to wait for what an operator has forbidden. */
  #refuseIsolated(): void {
    if (this.breaker.isIsolated) this.refuseWaiters(() => this.errors.isolated())
  }

  #orGiveBack<T>(acquire: () => T): T {
    try {
      return acquire()
    } catch (error) {
      this.rate.giveBack()
      throw error
    }
  }

  /** Tells that a function of the user threw. */
  fault(where: keyof GuardFunctions, error: unknown): void {
    const { owner, dependency, events } = this.parts
    const channel = events.channel('guard.fault')
    if (channel.listened) channel.emit({ owner, dependency, where, error })
  }

  #tell(
    outcome: GuardEvents['guard.call']['outcome'],
    facts: Pick<GuardEvents['guard.call'], 'slow' | 'stale' | 'durationMs' | 'queuedMs'>,
  ): void {
    if (!this.#calls.listened) return
    const { owner, dependency } = this.parts
    this.#calls.emit({ owner, dependency, outcome, ...facts })
  }

  #resize(limit: number): void {
    if (limit === this.bulkhead.limit) return
    this.bulkhead.resize(limit)
    const { owner, dependency, events } = this.parts
    const channel = events.channel('guard.limit')
    if (channel.listened) channel.emit({ owner, dependency, limit })
  }

  #limits(): BulkheadLimits {
    const { max, queue, queueTimeoutMs } = this.#settings.bulkhead
    return { limit: this.#gradient?.limit ?? max, queue, queueTimeoutMs }
  }

  #opened(): Error {
    const { reason = 'manual', retryAfterMs } = this.breaker.snapshot()
    return this.errors.opened(reason, retryAfterMs)
  }
}

/** How long a call took, and how long it waited before. */
export interface CallTimes {
  readonly durationMs: number
  readonly queuedMs: number
  /** It held no place, so it says nothing of how many there should be. */
  readonly isUnbounded?: boolean | undefined
}

/** Whether a result is the dependency's fault. */
export function isBad({ outcome }: Verdict): boolean {
  return outcome !== 'ok' && outcome !== 'ignored'
}

const NO_TIME = Object.freeze({ slow: false, stale: false, durationMs: 0, queuedMs: 0 })

function gradientOf({ bulkhead }: GuardSettings, clock: Clock): Gradient2 | undefined {
  return bulkhead.mode === 'gradient2' ? new Gradient2(bulkhead.max, clock) : undefined
}

/** A guard that has ended tells nothing. */
const REFUSED: Readonly<Record<string, GuardEvents['guard.call']['outcome']>> = {
  SOMON_GUARD_OPEN: 'open',
  SOMON_GUARD_ISOLATED: 'isolated',
  SOMON_GUARD_FULL: 'full',
  SOMON_GUARD_RATE_LIMITED: 'limited',
}
