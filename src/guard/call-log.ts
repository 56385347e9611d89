import type { Emitter, EventChannel } from '../base/events.ts'
import type { CallOutcome, GuardEvents } from './events.ts'
import type { GuardFunctions } from './functions.ts'
import { Latency, type LatencyPercentiles } from './latency.ts'

/** How often things have happened since the guard was made; nothing of it is lost in between. */
export interface CallTotals extends Readonly<Record<CallOutcome, number>> {
  readonly slow: number
  /** Further attempts that were sent. */
  readonly retries: number
  /** Further attempts that only the budget forbade. */
  readonly retriesDenied: number
  readonly fallbacks: number
  /** Calls that kept their place no longer although they had not ended. */
  readonly abandoned: number
}

/** Whose calls these are, and who is told. */
export interface CallLogParts {
  readonly owner: string
  readonly dependency: string
  readonly events: Emitter<GuardEvents>
}

type CallFacts = Omit<GuardEvents['guard.call'], 'owner' | 'dependency' | 'outcome'>

/** Counts and tells what the calls of one guard came to; takes no memory before the first one. */
export class CallLog {
  readonly #parts: CallLogParts
  readonly #calls: EventChannel<GuardEvents['guard.call']>
  #totals: Writable<CallTotals> | undefined
  #latency: Latency | undefined

  constructor(parts: CallLogParts) {
    this.#parts = parts
    this.#calls = parts.events.channel('guard.call')
  }

  get totals(): CallTotals {
    return { ...(this.#totals ?? NONE) }
  }

  /** Of the calls whose outcome was not `ignored`; undefined before the first one. */
  get latency(): LatencyPercentiles | undefined {
    return this.#latency?.percentiles()
  }

  /** A call ran, and this came of it. */
  ran(outcome: CallOutcome, facts: CallFacts): void {
    const totals = this.#count(outcome)
    if (facts.slow) totals.slow += 1
    if (outcome !== 'ignored') (this.#latency ??= new Latency()).record(facts.durationMs)
    this.#tell(outcome, facts)
  }

  /** Something without a duration: a call that did not start, a failure that came to light late. */
  untimed(outcome: CallOutcome, stale = false): void {
    this.#count(outcome)
    this.#tell(outcome, stale ? NO_TIME_STALE : NO_TIME)
  }

  retry(attempt: number, result: 'sent' | 'no-budget'): void {
    this.#count(result === 'sent' ? 'retries' : 'retriesDenied')
    const { owner, dependency, events } = this.#parts
    const channel = events.channel('guard.retry')
    if (channel.listened) channel.emit({ owner, dependency, attempt, result })
  }

  fallback(): void {
    this.#count('fallbacks')
  }

  abandoned(): void {
    this.#count('abandoned')
    const { owner, dependency, events } = this.#parts
    const channel = events.channel('guard.abandoned')
    if (channel.listened) channel.emit({ owner, dependency })
  }

  /** A function of the user threw. */
  fault(where: keyof GuardFunctions, error: unknown): void {
    const { owner, dependency, events } = this.#parts
    const channel = events.channel('guard.fault')
    if (channel.listened) channel.emit({ owner, dependency, where, error })
  }

  #count(what: keyof CallTotals): Writable<CallTotals> {
    const totals = (this.#totals ??= { ...NONE })
    totals[what] += 1
    return totals
  }

  #tell(outcome: CallOutcome, facts: CallFacts): void {
    if (!this.#calls.listened) return
    const { owner, dependency } = this.#parts
    const { slow, stale, durationMs, queuedMs } = facts
    this.#calls.emit({ owner, dependency, outcome, slow, stale, durationMs, queuedMs })
  }
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }

const NONE: CallTotals = Object.freeze({
  ok: 0,
  failure: 0,
  timeout: 0,
  overload: 0,
  ignored: 0,
  open: 0,
  isolated: 0,
  full: 0,
  limited: 0,
  slow: 0,
  retries: 0,
  retriesDenied: 0,
  fallbacks: 0,
  abandoned: 0,
})
const NO_TIME: CallFacts = { slow: false, stale: false, durationMs: 0, queuedMs: 0 }
const NO_TIME_STALE: CallFacts = { ...NO_TIME, stale: true }
