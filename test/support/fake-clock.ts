import type { Clock } from '../../src/base/clock.ts'

/** A clock that moves only when told to; timers that fall due run in order, one turn each. */
export class FakeClock implements Clock {
  #now: number
  #elapsed = 0
  #timers: { readonly at: number; readonly fn: () => void }[] = []

  constructor(now = 1_700_000_000_000) {
    this.#now = now
  }

  /** How many timers wait. */
  get pending(): number {
    return this.#timers.length
  }

  now(): number {
    return this.#now
  }

  elapsed(): number {
    return this.#elapsed
  }

  schedule(fn: () => void, delayMs: number): { cancel(): void } {
    const timer = { at: this.#elapsed + delayMs, fn }
    this.#timers.push(timer)
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer)
      },
    }
  }

  /** Moves time on and lets everything that falls due meanwhile run. */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms
    for (;;) {
      const due = this.#timers
        .filter((timer) => timer.at <= end)
        .toSorted((a, b) => a.at - b.at)
        .at(0)
      if (due === undefined) break
      this.#timers = this.#timers.filter((timer) => timer !== due)
      this.#move(due.at - this.#elapsed)
      due.fn()
      await new Promise(setImmediate)
    }
    this.#move(end - this.#elapsed)
    await new Promise(setImmediate)
  }

  #move(ms: number): void {
    this.#elapsed += ms
    this.#now += ms
  }
}
