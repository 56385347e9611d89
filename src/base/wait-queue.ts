/**
 * Callers that wait for their turn, first come first served.
 *
 * A doubly linked list, because a waiter may leave from the middle when its caller aborts: a
 * thousand callers that hang up at once must not each search the queue. It knows no time; whoever
 * owns it decides who is served and who has waited too long.
 */
export class WaitQueue<T> {
  #head: Waiter<T> | undefined
  #tail: Waiter<T> | undefined
  #length = 0
  readonly #onEmpty: (() => void) | undefined

  /** @param onEmpty - called when the last waiter has left, in whatever way */
  constructor(onEmpty?: () => void) {
    this.#onEmpty = onEmpty
  }

  get length(): number {
    return this.#length
  }

  /** Who has waited longest. */
  get first(): Waiting | undefined {
    return this.#head
  }

  /**
   * Waits until served or refused, or until `signal` aborts: then with its reason.
   *
   * @param since - when the waiter came, for who asks; nothing here depends on it
   */
  wait(signal: AbortSignal | undefined, since: number = 0): Promise<T> {
    if (signal?.aborted === true) return Promise.reject(signal.reason)
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const waiter: Waiter<T> = {
      since,
      resolve,
      reject,
      signal,
      onAbort: undefined,
      previous: this.#tail,
      next: undefined,
    }
    if (signal !== undefined) {
      waiter.onAbort = () => {
        this.#remove(waiter)
        reject(signal.reason)
      }
      signal.addEventListener('abort', waiter.onAbort, { once: true })
    }
    if (this.#tail === undefined) this.#head = waiter
    else this.#tail.next = waiter
    this.#tail = waiter
    this.#length += 1
    return promise
  }

  /** Gives `value` to who has waited longest; nobody gets it when nobody waits. */
  serve(value: T): void {
    const waiter = this.#head
    if (waiter === undefined) return
    this.#remove(waiter)
    waiter.resolve(value)
  }

  /** Refuses everyone of whom `isRefused` says so; `position` counts those kept before, from 0. */
  refuse(
    isRefused: (waiting: Waiting, position: number) => boolean,
    makeError: (waiting: Waiting, position: number) => Error,
  ): void {
    let position = 0
    for (let waiter = this.#head; waiter !== undefined; waiter = waiter.next) {
      if (isRefused(waiter, position)) {
        this.#remove(waiter)
        waiter.reject(makeError(waiter, position))
      } else position += 1
    }
  }

  #remove(waiter: Waiter<T>): void {
    if (waiter.onAbort !== undefined) {
      waiter.signal?.removeEventListener('abort', waiter.onAbort)
    }
    if (waiter.previous === undefined) this.#head = waiter.next
    else waiter.previous.next = waiter.next
    if (waiter.next === undefined) this.#tail = waiter.previous
    else waiter.next.previous = waiter.previous
    this.#length -= 1
    if (this.#length === 0) this.#onEmpty?.()
  }
}

/** What is known of a waiter. */
export interface Waiting {
  /** When it came, as it said itself: monotonic ms. */
  readonly since: number
}

interface Waiter<T> extends Waiting {
  readonly resolve: (value: T) => void
  readonly reject: (reason: unknown) => void
  readonly signal: AbortSignal | undefined
  onAbort: (() => void) | undefined
  previous: Waiter<T> | undefined
  next: Waiter<T> | undefined
}
