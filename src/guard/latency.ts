/** Latencies as percentiles, in milliseconds. */
export interface LatencyPercentiles {
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly p999: number
}

/**
 * Counts latencies in 368 buckets: each is at most a sixteenth of its latency wide, and none less
 * than 1/16 ms. What lasts longer than 70 minutes is counted as that long.
 *
 * Not the histogram of node:perf_hooks, which takes 17 KB outside of the heap where this one takes
 * 1.5 (docs/design/0009-latencies-in-buckets-of-our-own.md).
 */
export class Latency {
  readonly #counts = new Uint32Array(SIZE)
  #total = 0
  #longestMs = 0

  record(ms: number): void {
    const slot = slotOf(ms)
    this.#counts[slot] = (this.#counts[slot] ?? 0) + 1
    this.#total += 1
    if (ms > this.#longestMs) this.#longestMs = ms
  }

  /** Rounded up, to the end of a bucket or to the longest latency; undefined when there is none. */
  percentiles(): LatencyPercentiles | undefined {
    if (this.#total === 0) return undefined
    return { p50: this.#at(0.5), p95: this.#at(0.95), p99: this.#at(0.99), p999: this.#at(0.999) }
  }

  /** Returns the latency that this share of all is not above. */
  #at(share: number): number {
    const rank = Math.ceil(share * this.#total)
    let seen = 0
    const slot = this.#counts.findIndex((count) => {
      seen += count
      return seen >= rank
    })
    return Math.min(endOf(slot), this.#longestMs)
  }
}

/** Up to twice of this each unit has a bucket of its own, then each power of two has as many. */
const STEPS = 16
const LOG_STEPS = Math.log2(STEPS)
const UNITS_PER_MS = 16
const MOST_UNITS = 2 ** 26
const SIZE = slotOf(Infinity) + 1

function slotOf(ms: number): number {
  const units = Math.min(MOST_UNITS - 1, Math.max(0, Math.ceil(ms * UNITS_PER_MS) - 1))
  if (units < 2 * STEPS) return units
  const doublings = 31 - Math.clz32(units) - LOG_STEPS
  return doublings * STEPS + (units >> doublings)
}

/** The inverse of `slotOf()`: where the bucket ends. */
function endOf(slot: number): number {
  const doublings = Math.max(0, Math.floor(slot / STEPS) - 1)
  return ((slot - doublings * STEPS + 1) * 2 ** doublings) / UNITS_PER_MS
}
