/**
 * Bounds how many holders there are at once; waiters are served in order of arrival.
 *
 * `limit` may change while it is used: holders over a lower limit finish, nobody is admitted until
 * the count has fallen below it.
 */
export class Semaphore {
  #held = 0
  #limit: number
  readonly #waiters: (() => void)[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  get held(): number {
    return this.#held
  }

  get waiting(): number {
    return this.#waiters.length
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
    if (this.#held >= this.#limit) await this.#wait(signal)
    else this.#held += 1
    let released = false
    return () => {
      if (released) return
      released = true
      this.#held -= 1
      this.#admit()
    }
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const onAbort = (): void => {
      const index = this.#waiters.indexOf(enter)
      if (index >= 0) this.#waiters.splice(index, 1)
      reject(signal?.reason)
    }
    const enter = (): void => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    this.#waiters.push(enter)
    return promise
  }

  #admit(): void {
    while (this.#held < this.#limit) {
      const enter = this.#waiters.shift()
      if (enter === undefined) return
      this.#held += 1
      enter()
    }
  }
}
