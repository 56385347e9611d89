import type { Clock, Scheduled } from './clock.ts'
import { scheduleDeadline } from './deadline-timer.ts'

/** How long a task may take, and who is told of its end. */
export interface DeadlineOptions {
  /** 0 or Infinity means no deadline. */
  readonly timeoutMs: number
  readonly clock: Clock
  /**
   * `clock.elapsed()` of now, where what arrives may decide: with it a deadline that the process
   * itself kept from being noticed waits until that is taken in.
   */
  readonly startedAt?: number | undefined
  /** Whether somebody waits for the deadline itself, so that the process must not end before it. */
  readonly keepsAlive?: boolean | undefined
  /** Makes the error thrown at the deadline. */
  readonly onTimeout: () => Error
  readonly signal?: AbortSignal | undefined
  /** Called when the caller is answered by the deadline or by an abort, while the task still runs. */
  readonly onStop?: () => void
  /** Called once when a started task has settled, however late, before the promise does. */
  readonly onSettled?: () => void
}

/**
 * Runs a task that may last `timeoutMs` at most, and hands it a signal that aborts at the
 * deadline or when `signal` does.
 *
 * The task is started synchronously, unless `signal` has aborted already. The promise settles at
 * the deadline even when the task ignores its signal; what the task does afterwards is dropped.
 * The reason of an abort is thrown as it is.
 */
export function withDeadline<T>(
  task: (signal: AbortSignal) => T | PromiseLike<T>,
  options: DeadlineOptions,
): Promise<T> {
  const { signal } = options
  if (signal?.aborted === true) return Promise.reject(signal.reason)
  const run = new Run<T>(options)
  run.start(task)
  return run.promise
}

/**
 * One run, made for the guarded call: one promise of its own, one timer, and a listener only
 * where the caller has a signal. As an async function with `Promise.race` it costs twice as much.
 */
class Run<T> {
  readonly promise: Promise<T>
  readonly #resolve: (value: T) => void
  readonly #reject: (reason: unknown) => void
  readonly #options: DeadlineOptions
  readonly #controller = new AbortController()
  readonly #onAbort: (() => void) | undefined
  readonly #timer: Scheduled | undefined
  #answered = false

  constructor(options: DeadlineOptions) {
    this.#options = options
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    this.promise = promise
    this.#resolve = resolve
    this.#reject = reject
    const { timeoutMs, clock, signal, onTimeout, startedAt, keepsAlive } = options
    if (signal !== undefined) {
      this.#onAbort = () => this.#stop(signal.reason)
      signal.addEventListener('abort', this.#onAbort, { once: true })
    }
    if (timeoutMs > 0 && timeoutMs <= MAX_TIMER_MS) {
      this.#timer = scheduleDeadline(clock, () => this.#stop(onTimeout()), {
        ...{ delayMs: timeoutMs, startedAt, keepsAlive },
      })
    }
  }

  start(task: (signal: AbortSignal) => T | PromiseLike<T>): void {
    try {
      const result = task(this.#controller.signal)
      if (isThenable(result)) Promise.resolve(result).then(this.#onValue, this.#onError)
      // Settled here and now: nothing that comes later may time it out.
      else this.#onValue(result)
    } catch (error) {
      this.#onError(error)
    }
  }

  readonly #onValue = (value: T): void => {
    this.#settle()
    this.#resolve(value)
  }

  readonly #onError = (error: unknown): void => {
    this.#settle()
    this.#reject(error)
  }

  #settle(): void {
    if (!this.#answered) this.#release()
    this.#options.onSettled?.()
  }

  #stop(reason: unknown): void {
    this.#release()
    this.#reject(reason)
    this.#options.onStop?.()
    this.#controller.abort(reason)
  }

  #release(): void {
    this.#answered = true
    this.#timer?.cancel()
    if (this.#onAbort !== undefined) {
      this.#options.signal?.removeEventListener('abort', this.#onAbort)
    }
  }
}

function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    'then' in value &&
    typeof value.then === 'function'
  )
}

/** Node turns longer delays into 1 ms. */
const MAX_TIMER_MS = 2 ** 31 - 1
