import type { Outcome, Verdict } from './outcome.ts'
import type { BreakerSettings } from './settings.ts'

/** What the window counts: outcomes, and beside them slow calls and refusals. */
export type WindowColumn = Outcome | 'slow' | 'refused'

/** The counts of a window at one moment; valid until the next call of the window. */
export interface WindowCounts {
  /** Failures of any kind since the last success; time does not lower it. */
  readonly consecutive: number
  /** Calls that say something about the dependency: successes and failures of any kind. */
  readonly calls: number
  readonly failures: number
  count(column: WindowColumn): number
}

/** A window as durations and numbers, so that another process can go on with it. */
export interface WindowExport {
  readonly consecutive: number
  /** Only parts that hold something; `ageMs` is the time since the middle of the part. */
  readonly buckets: readonly {
    readonly ageMs: number
    readonly counts: Readonly<Record<WindowColumn, number>>
  }[]
}

type WindowShape = Pick<BreakerSettings, 'windowMs' | 'buckets'>

/**
 * Counts what calls came to over the last `windowMs`, in `buckets` parts that leave one by one.
 *
 * One array, made with the first sample, holds the running sums, then the ring; nothing runs while
 * nobody calls. Invariants:
 * each sum is the sum of its column over the ring; the ring slot `#head` belongs to the part
 * `#bucket`, counted in whole parts from the clock's zero, and the slots before it to the parts
 * before. Whoever reads passes the time, so an idle window is never read as it was long ago.
 */
export class Window implements WindowCounts {
  #buckets: number
  /** Whole milliseconds: parts of a second would make the start of a part a rounded number. */
  #bucketMs: number
  /** Empty before the first sample: most guards wait for it a long time. */
  #cells: number[] = []
  #head = 0
  #bucket: number
  #consecutive = 0

  constructor({ windowMs, buckets }: WindowShape, now: number) {
    this.#buckets = buckets
    this.#bucketMs = bucketLength(windowMs, buckets)
    this.#bucket = Math.floor(now / this.#bucketMs)
  }

  /** Counts one settled call. */
  add({ outcome, slow }: Verdict, now: number): void {
    this.#rotate(now)
    this.#increase(COLUMN[outcome])
    if (outcome === 'ignored') return
    if (slow) this.#increase(COLUMN.slow)
    this.#consecutive = outcome === 'ok' ? 0 : this.#consecutive + 1
  }

  /** Counts a call that was not admitted; it changes no rate. */
  refuse(now: number): void {
    this.#rotate(now)
    this.#increase(COLUMN.refused)
  }

  /** Drops what is older than the window and returns the counts. */
  read(now: number): WindowCounts {
    this.#rotate(now)
    return this
  }

  get consecutive(): number {
    return this.#consecutive
  }

  get calls(): number {
    return this.count('ok') + this.failures
  }

  get failures(): number {
    return this.count('failure') + this.count('timeout') + this.count('overload')
  }

  count(column: WindowColumn): number {
    return this.#cells[COLUMN[column]] ?? 0
  }

  clear(): void {
    this.#cells.fill(0)
    this.#consecutive = 0
  }

  /**
   * Changes the shape; a part whose middle lies within the new window keeps its counts.
   *
   * The middle of what has passed of it, because each change would make its samples older if they
   * were placed by its begin: after some changes none would be left.
   */
  resize({ windowMs, buckets }: WindowShape, now: number): void {
    const bucketMs = bucketLength(windowMs, buckets)
    if (buckets === this.#buckets && bucketMs === this.#bucketMs) return
    const kept = this.export(now)
    this.#buckets = buckets
    this.#bucketMs = bucketMs
    this.restore(kept, now, 0)
  }

  export(now: number): WindowExport {
    this.#rotate(now)
    const buckets = []
    for (let back = 0; back < this.#buckets; back += 1) {
      const counts = this.#countsAt(this.#slot(back))
      if (Object.values(counts).every((count) => count === 0)) continue
      const beganAt = (this.#bucket - back) * this.#bucketMs
      const endsAt = Math.min(beganAt + this.#bucketMs, now)
      buckets.push({ ageMs: now - (beganAt + endsAt) / 2, counts })
    }
    return { consecutive: this.#consecutive, buckets }
  }

  /** Replaces the counts by exported ones; `passedMs` is the time since the export. */
  restore({ consecutive, buckets }: WindowExport, now: number, passedMs: number): void {
    this.#cells = []
    this.#head = 0
    this.#bucket = Math.floor(now / this.#bucketMs)
    this.#consecutive = consecutive
    for (const { ageMs, counts } of buckets) {
      const bucket = Math.floor((now - passedMs - ageMs) / this.#bucketMs)
      const back = Math.max(0, this.#bucket - bucket)
      if (back < this.#buckets) this.#addCounts(this.#slot(back), counts)
    }
  }

  #increase(column: number): void {
    this.#addAt(column, 1)
    this.#addAt(this.#slot(0) + column, 1)
  }

  #addCounts(slot: number, counts: Readonly<Record<WindowColumn, number>>): void {
    for (const column of COLUMNS) {
      this.#addAt(COLUMN[column], counts[column])
      this.#addAt(slot + COLUMN[column], counts[column])
    }
  }

  #addAt(index: number, count: number): void {
    // No typed array: its buffer outside of the heap takes more than the numbers.
    if (this.#cells.length === 0) {
      this.#cells = Array.from({ length: (this.#buckets + 1) * WIDTH }, () => 0)
    }
    this.#cells[index] = (this.#cells[index] ?? 0) + count
  }

  #rotate(now: number): void {
    const bucket = Math.floor(now / this.#bucketMs)
    const steps = Math.min(bucket - this.#bucket, this.#buckets)
    if (steps <= 0) return
    this.#bucket = bucket
    if (this.#cells.length === 0) return
    for (let step = 0; step < steps; step += 1) {
      this.#head = (this.#head + 1) % this.#buckets
      const slot = this.#slot(0)
      for (let column = 0; column < WIDTH; column += 1) {
        this.#addAt(column, -(this.#cells[slot + column] ?? 0))
        this.#cells[slot + column] = 0
      }
    }
  }

  /** Returns where the part `back` parts ago lies; the sums lie before all of them. */
  #slot(back: number): number {
    return (1 + ((this.#head - back + this.#buckets) % this.#buckets)) * WIDTH
  }

  #countsAt(slot: number): Record<WindowColumn, number> {
    const at = (column: WindowColumn): number => this.#cells[slot + COLUMN[column]] ?? 0
    return {
      ok: at('ok'),
      failure: at('failure'),
      timeout: at('timeout'),
      overload: at('overload'),
      ignored: at('ignored'),
      slow: at('slow'),
      refused: at('refused'),
    }
  }
}

const COLUMN: Readonly<Record<WindowColumn, number>> = {
  ok: 0,
  failure: 1,
  timeout: 2,
  overload: 3,
  ignored: 4,
  slow: 5,
  refused: 6,
}
/** All columns, in the order of the array. */
export const COLUMNS: readonly WindowColumn[] = [
  'ok',
  'failure',
  'timeout',
  'overload',
  'ignored',
  'slow',
  'refused',
]
const WIDTH = COLUMNS.length

function bucketLength(windowMs: number, buckets: number): number {
  return Math.max(1, Math.ceil(windowMs / buckets))
}
