import { codeOf, messageOf } from '../base/error.ts'
import type { GuardSettings } from './settings.ts'

/** What the result of a call says about the dependency; `ignored` says nothing. */
export type Outcome = 'ok' | 'failure' | 'timeout' | 'overload' | 'ignored'

/** An outcome with what else decides: how long it took, and what the dependency asked for. */
export interface Verdict {
  readonly outcome: Outcome
  /** It took at least `breaker.slowCallMs`, whatever came of it. */
  readonly slow: boolean
  /** From `Retry-After`: how long the dependency wants to be left alone. */
  readonly retryAfterMs: number | undefined
}

/** The last failure as plain data: a kept Error would hold a retired generation in memory. */
export interface FailureRecord {
  readonly name: string
  readonly code: string | undefined
  /** At most 300 characters. */
  readonly message: string
  /** Wall time, epoch ms. */
  readonly at: number
}

/** What classifies errors, beside the error itself. */
export interface OutcomeRules {
  readonly settings: Pick<GuardSettings, 'breaker' | 'ignore'>
  /** The signal of the caller: once it is aborted, errors are the caller's. */
  readonly signal?: AbortSignal | undefined
  /** The user's word on what counts; false makes an error an answer of a healthy dependency. */
  readonly isFailure?: ((error: unknown) => boolean) | undefined
  /** Told when `isFailure` throws; the error then counts as a failure. */
  readonly onFault?: ((error: unknown) => void) | undefined
}

/** The verdict on a call that says nothing, whatever came of it. */
export const IGNORED: Verdict = Object.freeze({
  outcome: 'ignored',
  slow: false,
  retryAfterMs: undefined,
})

/** Returns the verdict on a call that returned a value. */
export function okVerdict(elapsedMs: number, settings: Pick<GuardSettings, 'breaker'>): Verdict {
  return isSlow(elapsedMs, settings) ? SLOW_OK : OK
}

/**
 * Returns the verdict on a call that failed.
 *
 * An abort is the caller's and says nothing, unless it was a timeout or came after `slowCallMs`:
 * callers with a shorter timeout of their own would blind the breaker. Refusals of other guards
 * say nothing either, or one open circuit would open those before it.
 */
export function classify(error: unknown, elapsedMs: number, rules: OutcomeRules): Verdict {
  const slow = isSlow(elapsedMs, rules.settings)
  const plain = (outcome: Outcome): Verdict => ({ outcome, slow, retryAfterMs: undefined })
  const code = codeOf(error)
  if (code === 'SOMON_GUARD_TIMEOUT') return plain('timeout')
  if (code !== undefined && (REFUSALS.has(code) || rules.settings.ignore.includes(code))) {
    return plain('ignored')
  }
  const abort = abortOf(error, rules.signal)
  if (abort !== undefined) return plain(abort === 'timeout' || slow ? 'timeout' : 'ignored')
  if (!isFailure(error, rules)) return plain('ok')
  const retryAfterMs = read(() => retryAfterOf(error))
  if (retryAfterMs !== undefined || statusOf(error) === 429) {
    return { outcome: 'overload', slow, retryAfterMs }
  }
  return plain('failure')
}

/** Returns an error as plain data; never throws, whatever was thrown. */
export function failureRecord(error: unknown, at: number): FailureRecord {
  return {
    name: read(() => (error instanceof Error ? nameOf(error) : typeof error)) ?? 'Error',
    code: codeOf(error),
    message: messageOf(error).slice(0, MAX_MESSAGE),
    at,
  }
}

const OK: Verdict = Object.freeze({ outcome: 'ok', slow: false, retryAfterMs: undefined })
const SLOW_OK: Verdict = Object.freeze({ outcome: 'ok', slow: true, retryAfterMs: undefined })
const MAX_MESSAGE = 300

/** What a guard throws when it does not even start a call. */
const REFUSALS: ReadonlySet<string> = new Set([
  'SOMON_GUARD_OPEN',
  'SOMON_GUARD_ISOLATED',
  'SOMON_GUARD_FULL',
  'SOMON_GUARD_RATE_LIMITED',
  'SOMON_GUARD_DISPOSED',
])

function isSlow(elapsedMs: number, { breaker }: Pick<GuardSettings, 'breaker'>): boolean {
  return breaker.slowCallMs > 0 && elapsedMs >= breaker.slowCallMs
}

/** Says whether somebody gave the call up, and whether for lack of time. */
function abortOf(error: unknown, signal: AbortSignal | undefined): 'abort' | 'timeout' | undefined {
  const names = [read(() => nameOf(error))]
  if (signal?.aborted === true)
    names.push(
      'AbortError',
      read(() => nameOf(signal.reason)),
    )
  if (names.includes('TimeoutError')) return 'timeout'
  return names.includes('AbortError') ? 'abort' : undefined
}

function isFailure(error: unknown, { isFailure: predicate, onFault }: OutcomeRules): boolean {
  if (predicate === undefined) return true
  try {
    return predicate(error)
  } catch (fault) {
    onFault?.(fault)
    return true
  }
}

/** Returns how long the error asks to be left alone, if it is a 429 or 503 that says so. */
function retryAfterOf(error: unknown): number | undefined {
  const status = statusOf(error)
  if (status !== 429 && status !== 503) return undefined
  const ms = property(error, 'retryAfterMs')
  return typeof ms === 'number' && ms >= 0 ? ms : undefined
}

/** Returns the HTTP status that an error carries, if any. */
export function statusOf(error: unknown): unknown {
  return read(() => property(error, 'status') ?? property(error, 'statusCode'))
}

function nameOf(thrown: unknown): string | undefined {
  const name = property(thrown, 'name')
  return typeof name === 'string' ? name : undefined
}

function property(thrown: unknown, key: string): unknown {
  return typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, key) : undefined
}

/** What is thrown may be anything, also an object whose properties throw. */
function read<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}
