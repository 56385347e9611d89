import type { Clock } from '../base/clock.ts'

/** When a caller stops waiting, and what it is told then. */
export interface CallerDeadline {
  /** From now on, at most 2^31 − 1; 0 means that it is over already. */
  readonly deadlineMs: number
  readonly clock: Clock
  /** Not aborted yet. */
  readonly signal: AbortSignal | undefined
  readonly makeError: () => Error
}

/**
 * Runs an effort with a signal that aborts when the caller does or its deadline has passed.
 *
 * The effort has to end with the reason of that signal at once; nobody else answers the caller, so
 * that what the abort counts for is counted before the caller learns of it.
 */
export function untilDeadline<T>(
  effort: (signal: AbortSignal) => Promise<T>,
  { deadlineMs, clock, signal, makeError }: CallerDeadline,
): Promise<T> {
  if (deadlineMs === 0) return Promise.reject(makeError())
  const controller = new AbortController()
  const onAbort = (): void => controller.abort(signal?.reason)
  signal?.addEventListener('abort', onAbort)
  // The caller waits for it, and nothing else may keep the process alive till then.
  const timer = clock.schedule(() => controller.abort(makeError()), deadlineMs, {
    keepsAlive: true,
  })
  return effort(controller.signal).finally(() => {
    timer.cancel()
    signal?.removeEventListener('abort', onAbort)
  })
}
