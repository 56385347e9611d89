import type { Scheduled } from '../base/clock.ts'
import type { Slot } from './bulkhead.ts'
import { isInside } from './nesting.ts'
import { okVerdict, type Verdict } from './outcome.ts'
import type { GuardStages } from './stages.ts'
import type { Ticket } from './ticket.ts'

/** What a call that runs already may say about itself. */
export interface EnterOptions {
  /** Instead of the guard's; 0 means no limit. */
  readonly timeoutMs?: number | undefined
  /** The caller's: once it is aborted, errors are the caller's. */
  readonly signal?: AbortSignal | undefined
  /** It takes neither a place nor a token: a dial, an import. */
  readonly isUnbounded?: boolean | undefined
}

/**
 * A call that was admitted and runs already; it has to be ended, and only the first end counts.
 *
 * Its timeout ends it too: then it counts as a timeout, and what comes later only frees its slot,
 * which `abandonMs` does otherwise.
 */
export interface HeldCall {
  /** Aborts when the guard's timeout has passed; the reason is the coded error. */
  readonly signal: AbortSignal
  /** It went well; what comes afterwards may still be told to `recordFailure()`. */
  ok(): void
  /** It went wrong; what that says about the dependency is judged as in `call()`. */
  fail(error: unknown): void
  /** The caller went away; says nothing, unless it had waited as long as a slow call takes. */
  ignore(): void
}

/**
 * Admits a call that runs already and cannot wait: no queue, no wait for a token, no retry.
 *
 * @returns undefined inside a task of the same guard, which has to pass; an error when the call is
 *   refused, counted and told as those of `call()` are
 */
export function enter(
  stages: GuardStages,
  options: EnterOptions = {},
): HeldCall | Error | undefined {
  if (isInside(stages, stages.parts.nesting.getStore())) return undefined
  const ticket = stages.admit()
  if (ticket instanceof Error) return ticket
  if (options.isUnbounded === true) return new Held(stages, ticket, undefined, options)
  try {
    stages.rate.acquireNow()
    return new Held(stages, ticket, stages.slotNow(), options)
  } catch (error) {
    stages.turnedAway(ticket, error)
    return error as Error
  }
}

/** Invariants: one report, one release; a timer only while it waits for its timeout or its end. */
class Held implements HeldCall {
  readonly #stages: GuardStages
  readonly #ticket: Ticket
  readonly #slot: Slot | undefined
  readonly #callerSignal: AbortSignal | undefined
  readonly #isUnbounded: boolean | undefined
  readonly #controller = new AbortController()
  readonly #startedAt: number
  #timer: Scheduled | undefined
  #isCounted = false
  #isEnded = false

  constructor(
    stages: GuardStages,
    ticket: Ticket,
    slot: Slot | undefined,
    { timeoutMs = stages.settings.timeoutMs, signal, isUnbounded }: EnterOptions,
  ) {
    const { clock } = stages.parts
    this.#stages = stages
    this.#ticket = ticket
    this.#slot = slot
    this.#callerSignal = signal
    this.#isUnbounded = isUnbounded
    this.#startedAt = clock.elapsed()
    if (timeoutMs > 0 && timeoutMs <= MAX_TIMER_MS) {
      this.#timer = clock.schedule(() => this.#timeOut(timeoutMs), timeoutMs)
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  ok(): void {
    if (!this.#isEnded) this.#end(okVerdict(this.#elapsed(), this.#stages.settings), undefined)
  }

  fail(error: unknown): void {
    if (!this.#isEnded) this.#end(this.#verdictOn(error), error)
  }

  ignore(): void {
    if (!this.#isEnded) this.#end(this.#verdictOn(GONE), GONE)
  }

  #end(verdict: Verdict, error: unknown): void {
    this.#isEnded = true
    this.#timer?.cancel()
    this.#count(verdict, error)
    this.#slot?.release()
  }

  #timeOut(timeoutMs: number): void {
    const { parts, settings, errors } = this.#stages
    const error = errors.timedOut(timeoutMs)
    this.#timer = parts.clock.schedule(() => this.#abandon(), settings.abandonMs)
    this.#count(this.#verdictOn(error), error)
    this.#controller.abort(error)
  }

  #abandon(): void {
    this.#isEnded = true
    this.#slot?.release()
    this.#stages.log.abandoned()
  }

  #count(verdict: Verdict, error: unknown): void {
    if (this.#isCounted) return
    this.#isCounted = true
    const isUnbounded = this.#isUnbounded
    const now = this.#stages.parts.clock.elapsed()
    const times = { durationMs: now - this.#startedAt, queuedMs: 0, now, isUnbounded }
    this.#stages.settled(this.#ticket, verdict, error, times)
  }

  #verdictOn(error: unknown): Verdict {
    return this.#stages.verdictOn(error, this.#elapsed(), this.#callerSignal)
  }

  #elapsed(): number {
    return this.#stages.parts.clock.elapsed() - this.#startedAt
  }
}

/** What stands for the abort of a caller who gave no reason. */
const GONE: Error = Object.assign(new Error('the caller went away'), { name: 'AbortError' })

/** Node turns longer delays into 1 ms. */
const MAX_TIMER_MS = 2 ** 31 - 1
