import type { Clock, Scheduled } from '../../base/clock.ts'

/**
 * Calls `onIdle` once a body has been silent for `idleMs`, not counting the time in which its
 * receiver has paused it.
 *
 * One timer a body, whatever the number of its parts: it starts anew by itself for what is left.
 */
export class BodyWatch {
  readonly #clock: Clock
  readonly #idleMs: number
  readonly #onIdle: () => void
  #heardAt: number
  #isPaused = false
  #timer: Scheduled | undefined

  constructor(clock: Clock, idleMs: number, onIdle: () => void) {
    this.#clock = clock
    this.#idleMs = idleMs
    this.#onIdle = onIdle
    this.#heardAt = clock.elapsed()
    this.#arm(idleMs)
  }

  heard(): void {
    this.#heardAt = this.#clock.elapsed()
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.heard()
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #arm(delayMs: number): void {
    this.#timer = this.#clock.schedule(() => this.#check(), delayMs)
  }

  #check(): void {
    if (this.#isPaused) this.heard()
    const leftMs = this.#heardAt + this.#idleMs - this.#clock.elapsed()
    if (leftMs > 0) return this.#arm(leftMs)
    this.#timer = undefined
    this.#onIdle()
  }
}

/** A request body, and what it threw itself: that is no fault of the server. */
export class Upload {
  /** What to send instead of the body that was given. */
  readonly body: unknown
  #thrown: { readonly error: unknown } | undefined

  constructor(given: unknown) {
    this.body = isAsyncIterable(given) && !isStream(given) ? this.#watched(given) : given
  }

  /** Tells whether an error came from the body. */
  threw(error: unknown): boolean {
    if (this.#thrown !== undefined) return this.#thrown.error === error
    return isStream(this.body) && this.body.errored === error
  }

  /** Nobody else can tell: undici hands the error on as if the connection had broken. */
  #watched(given: AsyncIterable<unknown>): AsyncIterable<unknown> {
    const next = async (iterator: AsyncIterator<unknown>): Promise<IteratorResult<unknown>> => {
      try {
        return await iterator.next()
      } catch (error) {
        this.#thrown = { error }
        throw error
      }
    }
    return {
      [Symbol.asyncIterator]() {
        const iterator = given[Symbol.asyncIterator]()
        return {
          next: () => next(iterator),
          return: async (value) => (await iterator.return?.(value)) ?? { done: true, value },
        }
      },
    }
  }
}

function isAsyncIterable(body: unknown): body is AsyncIterable<unknown> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body
}

function isStream(body: unknown): body is { readonly errored: unknown } {
  return typeof body === 'object' && body !== null && 'errored' in body && 'pipe' in body
}
