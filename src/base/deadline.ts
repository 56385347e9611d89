import type { Clock } from './clock.ts'

/**
 * Runs a task that may last `timeoutMs` at most, and hands it a signal that aborts at the
 * deadline or when `signal` does.
 *
 * The promise settles at the deadline even when the task ignores its signal; what the task does
 * afterwards is dropped. The reason of an abort is thrown as it is.
 *
 * @param timeoutMs - 0 or Infinity means no deadline
 * @param onTimeout - makes the error thrown at the deadline
 */
export async function withDeadline<T>(
  task: (signal: AbortSignal) => T | PromiseLike<T>,
  options: {
    readonly timeoutMs: number
    readonly clock: Clock
    readonly onTimeout: () => Error
    readonly signal?: AbortSignal | undefined
  },
): Promise<T> {
  const { timeoutMs, clock, onTimeout, signal } = options
  signal?.throwIfAborted()
  const controller = new AbortController()
  const { promise, reject } = Promise.withResolvers<never>()
  promise.catch(() => {})
  const stop = (reason: unknown): void => {
    controller.abort(reason)
    reject(reason)
  }
  const onAbort = (): void => stop(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  const timer =
    timeoutMs > 0 && timeoutMs < MAX_TIMER_MS
      ? clock.schedule(() => stop(onTimeout()), timeoutMs)
      : undefined
  try {
    return await Promise.race([task(controller.signal), promise])
  } finally {
    timer?.cancel()
    signal?.removeEventListener('abort', onAbort)
  }
}

/** Node turns longer delays into 1 ms. */
const MAX_TIMER_MS = 2 ** 31 - 1
