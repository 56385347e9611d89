import { WaitQueue } from './wait-queue.ts'

/**
 * Bounds how many holders there are at once; waiters are served in order of arrival.
 *
 * `limit` may change while it is used: holders over a lower limit finish, nobody is admitted until
 * the count has fallen below it.
 */
export class Semaphore {
  #held = 0
  #limit: number
  readonly #queue = new WaitQueue<void>()

  constructor(limit: number) {
    this.#limit = limit
  }

  get held(): number {
    return this.#held
  }

  get waiting(): number {
    return this.#queue.length
  }

  get limit(): number {
    return this.#limit
  }

  set limit(limit: number) {
    this.#limit = limit
    this.#admit()
  }

  /** Resolves once a place is held, with the function that gives it back (once). */
  async acquire(signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted()
    // Somebody waits only while there is no room, so a newcomer who finds room overtakes nobody.
    if (this.#held >= this.#limit) await this.#queue.wait(signal)
    else this.#held += 1
    let released = false
    return () => {
      if (released) return
      released = true
      this.#held -= 1
      this.#admit()
    }
  }

  #admit(): void {
    while (this.#queue.length > 0 && this.#held < this.#limit) {
      this.#held += 1
      this.#queue.serve()
    }
  }
}
