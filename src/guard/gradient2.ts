import type { Clock } from '../base/clock.ts'

/**
 * Finds from latencies alone how many calls a dependency takes at once.
 *
 * After Netflix concurrency-limits, `Gradient2Limit`: the ratio of the long-term latency to that
 * of the last batch tells whether calls queue up at the dependency. Up to 1.5 times the usual
 * latency counts as normal, and grows the limit by 0.8 per batch; beyond that the limit shrinks,
 * by a tenth per batch at most, since `g` ≥ 0.5 and the step is smoothed with 0.2. Unlike there,
 * a limit that is not used may still shrink; only its growth stops.
 *
 * Known and accepted: under an overload without any pause the long-term latency learns the queue,
 * and the limit drifts up, to three times of what the dependency serves after 400 batches, and to
 * `max` in the end. So `max` has to be a bound that the dependency survives.
 */
export class Gradient2 {
  #value: number
  #min: number
  #max: number
  readonly #clock: Clock
  #batchAt = 0
  #samples = 0
  #totalMs = 0
  #inflight = 0
  #longMs = 0
  #batches = 0

  constructor(max: number, clock: Clock) {
    this.#clock = clock
    this.#max = max
    this.#min = Math.min(LOWEST_LIMIT, max)
    this.#value = this.#clamp(START)
  }

  /** How many calls may run at once: an integer within 4 (or `max`, if that is lower) and `max`. */
  get limit(): number {
    return Math.floor(this.#value)
  }

  /** Changes the ceiling at once; what was learned of latencies stays. */
  set max(max: number) {
    this.#max = max
    this.#min = Math.min(LOWEST_LIMIT, max)
    this.#value = this.#clamp(this.#value)
  }

  /**
   * Takes the result of one call; the limit moves when it completes a batch.
   *
   * @param ms - how long it took; a timeout counts in full, a refusal is no sample
   * @param inflight - how many calls ran, this one included
   */
  sample(ms: number, inflight: number): void {
    const now = this.#clock.elapsed()
    // Not the end of the last batch: after a pause one call alone would count as a batch.
    if (this.#samples === 0) this.#batchAt = now
    this.#samples += 1
    this.#totalMs += ms
    this.#inflight = Math.max(this.#inflight, inflight)
    if (this.#samples < BATCH_SAMPLES && now - this.#batchAt < BATCH_MS) return
    // Below the resolution of a timer latencies are noise; and nothing is divided by 0.
    const shortMs = Math.max(this.#totalMs / this.#samples, SHORTEST_MS)
    this.#adjust(shortMs, this.#inflight)
    this.#samples = 0
    this.#totalMs = 0
    this.#inflight = 0
  }

  #adjust(shortMs: number, inflight: number): void {
    this.#learn(shortMs)
    const gradient = Math.min(1, Math.max(0.5, (TOLERANCE * this.#longMs) / shortMs))
    const target = this.#value * gradient + HEADROOM
    const next = this.#clamp((1 - SMOOTHING) * this.#value + SMOOTHING * target)
    if (next < this.#value || inflight >= this.#value / 2) this.#value = next
    // After a long slow time the usual latency has to come down faster than the average would.
    if (this.#longMs > 2 * shortMs) this.#longMs *= 0.95
  }

  /** Starts as a plain mean, as there: the first batch alone must not set the mark. */
  #learn(shortMs: number): void {
    if (this.#batches < WARM_UP_BATCHES) this.#batches += 1
    const weight = this.#batches < WARM_UP_BATCHES ? 1 / this.#batches : LONG_WEIGHT
    this.#longMs += (shortMs - this.#longMs) * weight
  }

  #clamp(value: number): number {
    return Math.min(this.#max, Math.max(this.#min, value))
  }
}

const START = 20
/** Where the limit begins; a bulkhead of fewer has a fixed one. */
export const LOWEST_LIMIT = 4
const BATCH_SAMPLES = 10
const BATCH_MS = 100
const SHORTEST_MS = 0.01
const TOLERANCE = 1.5
/** The room that a dependency without a queue is given to show more. */
const HEADROOM = 4
const SMOOTHING = 0.2
const WARM_UP_BATCHES = 10
/** Of one batch in an exponential average over 600. */
const LONG_WEIGHT = 2 / (600 + 1)
