import type { Clock } from '../base/clock.ts'
import { failureRecord, statusOf } from './outcome.ts'
import type { RetryBudget } from './retry-budget.ts'

/** What decides over the further attempts of one call. */
export interface RetryOptions {
  /** How many further attempts there are at most. */
  readonly max: number
  readonly budget: RetryBudget
  /** Whether a second attempt may change anything at the dependency that one would not. */
  readonly idempotent: boolean
  /** Whether the dependency is to blame for an error; refusals and statuses are known already. */
  readonly isFailure: (error: unknown) => boolean
  /** What the dependency asked for, from `Retry-After`. */
  readonly retryAfterMs: (error: unknown) => number | undefined
  readonly clock: Clock
  /** From 0 to below 1. */
  readonly random: () => number
  /** The caller's: its abort ends the waiting between attempts. */
  readonly signal?: AbortSignal | undefined
  /** When the caller stops waiting, as `clock.elapsed()`. */
  readonly deadlineAt?: number | undefined
  /** Called before each further attempt, and when only the budget forbids one; counts from 1. */
  readonly onRetry?: (attempt: number, result: 'sent' | 'no-budget') => void
}

/**
 * Runs attempts until one succeeds or there is no sense in another; then throws the last error.
 *
 * The first attempt starts synchronously. Between attempts it waits at random up to 100 ms,
 * 200 ms, 400 ms … 2 s, or as long as the dependency asked for. It never tries again: a call that
 * is not idempotent, a refusal of any guard, a status other than 502, 503 and 504, after the
 * caller has aborted, or when the caller would be gone by then.
 *
 * @param attempt - gets the number of the attempt, from 0
 */
export async function retrying<T>(
  attempt: (index: number) => Promise<T>,
  options: RetryOptions,
): Promise<T> {
  for (let index = 0; ; index += 1) {
    try {
      const value = await attempt(index)
      if (index === 0) options.budget.deposit()
      return value
    } catch (error) {
      // A refused call never reached the dependency: it must not pay for retries either.
      if (index === 0 && !isRefusal(error)) options.budget.deposit()
      const delayMs = nextDelayMs(error, index, options)
      if (delayMs === undefined) throw error
      if (!options.budget.tryWithdraw()) {
        options.onRetry?.(index + 1, 'no-budget')
        throw error
      }
      await pause(delayMs, options)
      options.onRetry?.(index + 1, 'sent')
    }
  }
}

/**
 * Tells whether an error says that a guard, ours or another's, did not let the call begin.
 *
 * A timeout is none: that call did run.
 */
export function isRefusal(error: unknown): boolean {
  const { code } = failureRecord(error, 0)
  return code !== undefined && code.startsWith('SOMON_GUARD_') && code !== 'SOMON_GUARD_TIMEOUT'
}

/** Full jitter: callers that failed together must not come back together. */
export function jitteredDelayMs(index: number, random: () => number): number {
  return random() * Math.min(MAX_DELAY_MS, BASE_DELAY_MS * 2 ** index)
}

/** How long to wait before the attempt after `index`, or undefined if there is to be none. */
function nextDelayMs(error: unknown, index: number, options: RetryOptions): number | undefined {
  if (index >= options.max || !options.idempotent || options.signal?.aborted === true)
    return undefined
  if (isRefusal(error) || !hasTransientStatus(error) || !options.isFailure(error)) return undefined
  const hintMs = options.retryAfterMs(error)
  const delayMs = hintMs ?? jitteredDelayMs(index, options.random)
  // Nobody says how long a caller without a deadline waits; an hour it surely does not.
  const { deadlineAt = options.clock.elapsed() + MAX_DELAY_MS + 1 } = options
  return options.clock.elapsed() + delayMs < deadlineAt ? delayMs : undefined
}

/** An error without a status came before any answer, and may be gone the next time. */
function hasTransientStatus(error: unknown): boolean {
  const status = statusOf(error)
  return typeof status !== 'number' || status === 0 || TRANSIENT.has(status)
}

function pause(delayMs: number, { clock, signal }: RetryOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onAbort = (): void => {
    timer.cancel()
    reject(signal?.reason)
  }
  const onTime = (): void => {
    signal?.removeEventListener('abort', onAbort)
    resolve()
  }
  // Nothing runs meanwhile: without the timer a program would end in the middle of its call.
  const timer = clock.schedule(onTime, delayMs, { keepsAlive: true })
  signal?.addEventListener('abort', onAbort, { once: true })
  return promise
}

const BASE_DELAY_MS = 100
const MAX_DELAY_MS = 2000
const TRANSIENT: ReadonlySet<number> = new Set([502, 503, 504])
