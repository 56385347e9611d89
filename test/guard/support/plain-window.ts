import type { Outcome, Verdict } from '../../../src/guard/outcome.ts'
import type { WindowColumn, WindowCounts } from '../../../src/guard/window.ts'

const FAILURES: readonly Outcome[] = ['failure', 'timeout', 'overload']

interface Sample {
  readonly bucketStart: number
  readonly columns: readonly WindowColumn[]
}

export interface PlainWindowExport {
  readonly consecutive: number
  readonly samples: readonly Sample[]
}

/** The window as a list of samples that is filtered at each reading: slow, and plain to see. */
export class PlainWindow implements WindowCounts {
  #samples: readonly Sample[] = []
  #bucketMs: number
  #buckets: number
  consecutive = 0

  constructor(windowMs: number, buckets: number) {
    this.#bucketMs = Math.ceil(windowMs / buckets)
    this.#buckets = buckets
  }

  add({ outcome, slow }: Verdict, now: number): void {
    const counted = outcome !== 'ignored'
    this.#push(slow && counted ? [outcome, 'slow'] : [outcome], now)
    if (outcome === 'ok') this.consecutive = 0
    else if (counted) this.consecutive += 1
  }

  refuse(now: number): void {
    this.#push(['refused'], now)
  }

  read(now: number): this {
    const first = Math.floor(now / this.#bucketMs) - this.#buckets + 1
    this.#samples = this.#samples.filter(
      ({ bucketStart }) => Math.floor(bucketStart / this.#bucketMs) >= first,
    )
    return this
  }

  count(column: WindowColumn): number {
    return this.#samples.filter(({ columns }) => columns.includes(column)).length
  }

  get failures(): number {
    return FAILURES.reduce((sum, outcome) => sum + this.count(outcome), 0)
  }

  get calls(): number {
    return this.count('ok') + this.failures
  }

  clear(): void {
    this.#samples = []
    this.consecutive = 0
  }

  /** All that is known of a sample is its part, so it is as old as the middle of that. */
  resize(windowMs: number, buckets: number, now: number): void {
    this.read(now)
    const bucketMs = Math.ceil(windowMs / buckets)
    if (bucketMs === this.#bucketMs && buckets === this.#buckets) return
    this.#samples = this.#middles(now)
    this.#bucketMs = bucketMs
    this.#buckets = buckets
    this.#align()
    this.read(now)
  }

  /** Returns what `restore()` takes, with the times as they are. */
  export(now: number): PlainWindowExport {
    this.read(now)
    return { consecutive: this.consecutive, samples: this.#middles(now) }
  }

  restore({ consecutive, samples }: PlainWindowExport, now: number): void {
    this.consecutive = consecutive
    this.#samples = samples
    this.#align()
    this.read(now)
  }

  #middles(now: number): readonly Sample[] {
    return this.#samples.map(({ bucketStart, columns }) => ({
      bucketStart: (bucketStart + Math.min(bucketStart + this.#bucketMs, now)) / 2,
      columns,
    }))
  }

  #push(columns: readonly WindowColumn[], now: number): void {
    this.read(now)
    this.#samples = [...this.#samples, { bucketStart: now, columns }]
    this.#align()
  }

  #align(): void {
    this.#samples = this.#samples.map(({ bucketStart, columns }) => ({
      bucketStart: Math.floor(bucketStart / this.#bucketMs) * this.#bucketMs,
      columns,
    }))
  }
}
