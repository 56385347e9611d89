/** What came of many calls, and how long they took from the time at which they were due. */
export interface Tally {
  readonly offered: number
  readonly outcomes: Readonly<Record<string, number>>
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** Counts calls. */
export class Calls {
  #offered = 0
  readonly #outcomes: Record<string, number> = {}
  readonly #took: number[] = []

  async run(dueAt: number, call: () => Promise<string>): Promise<void> {
    this.#offered += 1
    const outcome = await call()
    this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + 1
    this.#took.push(performance.now() - dueAt)
  }

  tally(): Tally {
    const sorted = this.#took.toSorted((a, b) => a - b)
    const at = (share: number): number => {
      const found = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
      return Math.round((found ?? 0) * 100) / 100
    }
    return {
      ...{ offered: this.#offered, outcomes: this.#outcomes },
      ...{ p50: at(0.5), p99: at(0.99), max: at(1) },
    }
  }
}
