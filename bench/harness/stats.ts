/** A ratio of two variants with the 95 % interval of its bootstrap. */
export interface RatioEstimate {
  readonly ratio: number
  readonly low: number
  readonly high: number
}

/** The value below which a share of the samples lies, by linear interpolation. */
export function quantile(samples: readonly number[], share: number): number {
  if (samples.length === 0) return Number.NaN
  const sorted = samples.toSorted((a, b) => a - b)
  const position = (sorted.length - 1) * share
  const below = sorted[Math.floor(position)] ?? Number.NaN
  const above = sorted[Math.ceil(position)] ?? below
  return below + (above - below) * (position - Math.floor(position))
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5)
}

export function geometricMean(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + Math.log(value), 0)
  return Math.exp(sum / values.length)
}

/**
 * Estimates a ratio from paired ratios: their median, and the 95 % interval of the medians of
 * resamples. Pairs are resampled, not samples, because the two halves of a pair ran side by side
 * and share the machine's mood.
 *
 * The seed makes the interval a property of the samples: the same samples give the same report.
 */
export function bootstrapRatio(
  ratios: readonly number[],
  options: { readonly resamples: number; readonly seed: number } = BOOTSTRAP,
): RatioEstimate {
  const random = seededRandom(options.seed)
  const medians = Array.from({ length: options.resamples }, () =>
    median(ratios.map(() => ratios[Math.floor(random() * ratios.length)] ?? Number.NaN)),
  )
  return { ratio: median(ratios), low: quantile(medians, 0.025), high: quantile(medians, 0.975) }
}

const BOOTSTRAP = { resamples: 10_000, seed: 20_240_229 }

/** Divides pair by pair; lists of different length share their first pairs. */
export function pairedRatios(
  numerator: readonly number[],
  denominator: readonly number[],
): number[] {
  const length = Math.min(numerator.length, denominator.length)
  return Array.from({ length }, (_, i) => (numerator[i] ?? NaN) / (denominator[i] ?? NaN))
}

/** mulberry32: 32 bits of state are plenty for resampling indexes. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
