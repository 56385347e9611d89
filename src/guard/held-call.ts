import type { Scheduled } from '../base/clock.ts'
import { scheduleDeadline } from '../base/deadline-timer.ts'
import type { Slot } from './bulkhead.ts'
import { enterFault, NO_OPTIONS } from './check-call.ts'
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
 * @throws TypeError, RangeError for options that make no sense
 */
export function enter(
  stages: GuardStages,
  options: EnterOptions = NO_OPTIONS,
): HeldCall | Error | undefined {
  const fault = enterFault(stages.parts.dependency, options)
  if (fault !== undefined) throw fault
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
    if (timeoutMs > 0) {
      this.#timer = scheduleDeadline(clock, () => this.#timeOut(timeoutMs), {
        ...{ delayMs: timeoutMs, startedAt: this.#startedAt },
      })
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  ok(): void {
    this.#end((elapsedMs) => okVerdict(elapsedMs, this.#stages.settings), undefined)
  }

  fail(error: unknown): void {
    this.#end((elapsedMs) => this.#verdictOn(error, elapsedMs), error)
  }

  ignore(): void {
    this.fail(GONE)
  }

  /** The slot may be released again: it gives its place back once. */
  #end(judge: (elapsedMs: number) => Verdict, error: unknown): void {
    this.#timer?.cancel()
    this.#count(judge, error)
    this.#slot?.release()
  }

  #timeOut(timeoutMs: number): void {
    const { parts, settings, errors } = this.#stages
    const error = errors.timedOut(timeoutMs)
    this.#timer = parts.clock.schedule(() => this.#abandon(), settings.abandonMs)
    this.#count((elapsedMs) => this.#verdictOn(error, elapsedMs), error)
    this.#controller.abort(error)
  }

  #abandon(): void {
    this.#slot?.release()
    this.#stages.log.abandoned()
  }

  /** Asks the user's predicate only for the end that counts. */
  #count(judge: (elapsedMs: number) => Verdict, error: unknown): void {
    if (this.#isCounted) return
    this.#isCounted = true
    const isUnbounded = this.#isUnbounded
    const now = this.#stages.parts.clock.elapsed()
    const durationMs = now - this.#startedAt
    const times = { durationMs, queuedMs: 0, now, isUnbounded }
    this.#stages.settled(this.#ticket, judge(durationMs), error, times)
  }

  #verdictOn(error: unknown, elapsedMs: number): Verdict {
    return this.#stages.verdictOn(error, elapsedMs, this.#callerSignal)
  }
}

/** What stands for the abort of a caller who gave no reason. */
const GONE: Error = Object.assign(new Error('the caller went away'), { name: 'AbortError' })
