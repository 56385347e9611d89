import type { AsyncLocalStorage } from 'node:async_hooks'
import type { Clock } from '../base/clock.ts'
import { codeOf } from '../base/error.ts'
import type { Emitter } from '../base/events.ts'
import { assertExport } from './breaker-export.ts'
import { Breaker } from './breaker.ts'
import type { Slot } from './bulkhead.ts'
import { CallLog } from './call-log.ts'
import type { CallOutcome, CircuitState, GuardEvents } from './events.ts'
import type { GuardFunctions } from './functions.ts'
import { GuardErrors } from './guard-errors.ts'
import type { Nesting } from './nesting.ts'
import { classify, IGNORED, type Verdict } from './outcome.ts'
import { Places } from './places.ts'
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
  readonly places: Places
  readonly rate: RateLimit
  readonly errors: GuardErrors
  readonly log: CallLog
  #settings: GuardSettings
  #isDisposed = false

  /** @param onTransition - told after the waiters of a circuit that opens have been refused */
  constructor(
    parts: GuardParts,
    settings: GuardSettings,
    onTransition?: (to: CircuitState) => void,
  ) {
    this.parts = parts
    this.#settings = settings
    this.log = new CallLog(parts)
    this.errors = new GuardErrors(parts, () => reportedState(this.breaker))
    this.breaker = new Breaker(parts, settings, (to) => {
      if (to === 'open') this.#refuseAsNewcomers()
      onTransition?.(to)
    })
    this.places = new Places(parts, settings.bulkhead, (reason) => this.errors.full(reason))
    this.rate = new RateLimit(settings.rate, parts.clock, (ms) => this.errors.limited(ms))
  }

  get settings(): GuardSettings {
    return this.#settings
  }

  get isDisposed(): boolean {
    return this.#isDisposed
  }

  /** How many calls wait for a token or a place. */
  get queued(): number {
    return this.places.queued + this.rate.queued
  }

  configure(settings: GuardSettings): void {
    this.#settings = settings
    this.places.configure(settings.bulkhead)
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
    this.#isDisposed = true
    this.#refuseWaiters(() => this.errors.disposed())
    this.breaker.dispose()
  }

  /** Asks the breaker; a refusal is counted and told. */
  admit(): Ticket | Error {
    if (this.#isDisposed) return this.errors.disposed()
    const admitted = this.breaker.admit()
    return admitted.admitted ? admitted : this.refused(admitted)
  }

  /** Tells of a refusal of the breaker, and makes its error. */
  refused(refusal: Refusal): Error {
    this.log.untimed(refusal.state === 'isolated' ? 'isolated' : 'open')
    return this.errors.refused(refusal)
  }

  /** Takes a place for a call that has its token; whoever gets none gives the token back. */
  slot(signal: AbortSignal | undefined): Slot | Promise<Slot> {
    try {
      const slot = this.places.acquire(signal)
      if (slot instanceof Promise) slot.catch(() => this.rate.giveBack())
      return slot
    } catch (error) {
      this.rate.giveBack()
      throw error
    }
  }

  /** The same for a call that runs already: it throws where one would have to wait. */
  slotNow(): Slot {
    try {
      return this.places.acquireNow()
    } catch (error) {
      this.rate.giveBack()
      throw error
    }
  }

  /** Ends the ticket of a call that does not start: it was refused, or its caller has gone. */
  turnedAway(ticket: Ticket, error: unknown, signal?: AbortSignal): void {
    if (signal?.aborted === true && error === signal.reason) {
      ticket.report(IGNORED)
      this.log.untimed('ignored')
      return
    }
    ticket.withdraw()
    const outcome = REFUSED[codeOf(error) ?? '']
    if (outcome !== undefined) this.log.untimed(outcome)
  }

  /** Tells of a call whose caller had gone before it came, and returns the reason. */
  goneBefore({ reason }: AbortSignal): unknown {
    this.log.untimed('ignored')
    return reason
  }

  /** Counts the result of a call and tells it; the caller has to learn of it afterwards. */
  settled(
    ticket: Ticket,
    verdict: Verdict,
    error: unknown,
    { durationMs, queuedMs, now, isUnbounded }: CallTimes,
  ): void {
    const stale = ticket.isStale
    if (verdict.outcome !== 'ignored' && isUnbounded !== true) this.places.sample(durationMs)
    ticket.report(verdict, error, now)
    this.log.ran(verdict.outcome, { slow: verdict.slow, stale, durationMs, queuedMs })
  }

  /** Counts a failure that came to light after its call had ended well. */
  recordFailure(error: unknown, generation: number): void {
    const verdict = this.verdictOn(error, 0, undefined)
    if (!isBad(verdict)) return
    const counted = this.breaker.recordFailure(verdict, error, generation)
    this.log.untimed(verdict.outcome, !counted)
  }

  /** What an error says about the dependency. */
  verdictOn(error: unknown, elapsedMs: number, signal: AbortSignal | undefined): Verdict {
    return classify(error, elapsedMs, {
      settings: this.#settings,
      signal,
      isFailure: this.parts.functions?.isFailure,
      onFault: (fault) => this.log.fault('isFailure', fault),
    })
  }

  #refuseWaiters(makeError: () => Error): void {
    this.places.refuseWaiters(makeError)
    this.rate.refuseWaiters(makeError)
  }

  /** Nobody needs to wait for what an operator has forbidden. */
  #refuseIsolated(): void {
    if (this.breaker.isIsolated) this.#refuseAsNewcomers()
  }

  /** Who waits gets the error that newcomers get; only the first one with a stack. */
  #refuseAsNewcomers(): void {
    if (this.queued === 0) return
    const { reason: opened = 'manual', retryAfterMs, lastFailure } = this.breaker.snapshot()
    const why: Pick<Refusal, 'state' | 'reason' | 'retryAfterMs'> = this.breaker.isIsolated
      ? { state: 'isolated', reason: 'isolated', retryAfterMs: undefined }
      : { state: 'open', reason: opened, retryAfterMs }
    let isFirst = true
    this.#refuseWaiters(() => {
      const error = this.errors.refused({ admitted: false, ...why, lastFailure, isFirst })
      isFirst = false
      return error
    })
  }
}

/** How long a call took, and how long it waited before. */
export interface CallTimes {
  readonly durationMs: number
  readonly queuedMs: number
  /** When it ended, as `clock.elapsed()`. */
  readonly now: number
  /** It held no place, so it says nothing of how many there should be. */
  readonly isUnbounded?: boolean | undefined
}

/** Whether a result is the dependency's fault. */
export function isBad({ outcome }: Verdict): boolean {
  return outcome !== 'ok' && outcome !== 'ignored'
}

/** A guard that has ended tells nothing. */
const REFUSED: Readonly<Record<string, CallOutcome>> = {
  SOMON_GUARD_OPEN: 'open',
  SOMON_GUARD_ISOLATED: 'isolated',
  SOMON_GUARD_FULL: 'full',
  SOMON_GUARD_RATE_LIMITED: 'limited',
}
