import type { Scheduled } from '../base/clock.ts'
import { type DeadlineOptions, withDeadline } from '../base/deadline.ts'

/** A deadline, and how long a task that ignores its abort is still counted as running. */
export interface AttemptOptions extends Pick<
  DeadlineOptions,
  'timeoutMs' | 'clock' | 'startedAt' | 'keepsAlive' | 'onTimeout' | 'signal'
> {
  readonly abandonMs: number
  /**
   * Called exactly once, however the call ends: when the task has settled (before the promise
   * does), or `abandonMs` after the caller was answered without it. Then `abandoned` is true, and
   * the task may still run. The place to free a slot.
   */
  readonly onEnd: (abandoned: boolean) => void
}

/**
 * Runs one attempt under its own deadline and its own signal, and tells when it is really over.
 *
 * The caller is answered at the deadline or at its own abort, at once, with the coded error or
 * with the reason of the abort. A task that goes on regardless keeps its slot for `abandonMs`,
 * since the dependency is still busy with it, but not for ever, since it may hang.
 *
 * @throws what `onTimeout` makes; the reason of `signal`; what the task throws
 */
export function runWithDeadline<T>(
  task: (signal: AbortSignal) => T | PromiseLike<T>,
  options: AttemptOptions,
): Promise<T> {
  const { timeoutMs, clock, startedAt, keepsAlive, onTimeout, signal, abandonMs, onEnd } = options
  if (signal?.aborted === true) {
    onEnd(false)
    return Promise.reject(signal.reason)
  }
  let ended = false
  let grace: Scheduled | undefined
  const end = (abandoned: boolean): void => {
    if (ended) return
    ended = true
    onEnd(abandoned)
  }
  const onStop = (): void => {
    grace = clock.schedule(() => end(true), abandonMs)
  }
  const onSettled = (): void => {
    grace?.cancel()
    end(false)
  }
  return withDeadline(task, {
    ...{ timeoutMs, clock, startedAt, keepsAlive, onTimeout, signal, onStop, onSettled },
  })
}
