import { describe, expect, test } from 'vitest'
import {
  bootstrapRatio,
  geometricMean,
  median,
  pairedRatios,
  quantile,
  seededRandom,
} from '../../bench/harness/stats.ts'

describe('quantile()', () => {
  test('interpolates between the two nearest samples', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5)
    expect(quantile([1, 2, 3, 4, 5], 0.99)).toBeCloseTo(4.96)
    expect(quantile([7], 0.99)).toBe(7)
    expect(quantile([], 0.5)).toBeNaN()
  })

  test('leaves its samples as they are', () => {
    const samples = [3, 1, 2]

    median(samples)

    expect(samples).toEqual([3, 1, 2])
  })
})

describe('geometricMean()', () => {
  test('is the same whichever way a ratio is written', () => {
    expect(geometricMean([0.5, 2])).toBeCloseTo(1)
    expect(geometricMean([0.1, 0.2, 0.4])).toBeCloseTo(1 / geometricMean([10, 5, 2.5]))
  })
})

describe('pairedRatios()', () => {
  test('divides pair by pair', () => {
    expect(pairedRatios([2, 9, 4], [1, 3, 8])).toEqual([2, 3, 0.5])
  })

  test('drops what has no partner', () => {
    expect(pairedRatios([2, 9], [1])).toEqual([2])
  })
})

describe('bootstrapRatio()', () => {
  test('has no width when all pairs agree', () => {
    expect(bootstrapRatio([0.5, 0.5, 0.5, 0.5])).toEqual({ ratio: 0.5, low: 0.5, high: 0.5 })
  })

  test('is the same for the same samples', () => {
    const ratios = normal(15, { mean: 1.1, deviation: 0.05, seed: 1 })

    expect(bootstrapRatio(ratios)).toEqual(bootstrapRatio(ratios))
  })

  test('covers the true ratio about as often as it promises', () => {
    const covered = Array.from({ length: 200 }, (_, seed) => {
      const ratios = normal(15, { mean: 1.1, deviation: 0.05, seed: seed + 1 })
      const { low, high } = bootstrapRatio(ratios, { resamples: 1000, seed: 7 })
      return low <= 1.1 && 1.1 <= high
    }).filter(Boolean).length

    expect(covered).toBeGreaterThanOrEqual(176)
  })

  test('agrees with the exact interval of the median for many samples', () => {
    // The interval of a median of 400 normal samples: mean ± 1.96 · 1.2533 · deviation / √400.
    const ratios = normal(400, { mean: 2, deviation: 0.1, seed: 3 })
    const half = (1.96 * 1.2533 * 0.1) / 20

    const { low, high } = bootstrapRatio(ratios)

    expect((high - low) / 2).toBeGreaterThan(half * 0.7)
    expect((high - low) / 2).toBeLessThan(half * 1.3)
  })
})

describe('seededRandom()', () => {
  test('is even over [0, 1) and follows its seed', () => {
    const random = seededRandom(42)
    const counts = Array.from({ length: 10 }, () => 0)

    for (let i = 0; i < 10_000; i += 1) {
      const index = Math.floor(random() * 10)
      counts[index] = (counts[index] ?? 0) + 1
    }

    expect(Math.min(...counts)).toBeGreaterThan(900)
    expect(Math.max(...counts)).toBeLessThan(1100)
    expect(seededRandom(42)()).toBe(seededRandom(42)())
    expect(seededRandom(42)()).not.toBe(seededRandom(43)())
  })
})

/** Normal samples by Box and Muller from a seed. */
function normal(
  count: number,
  options: { readonly mean: number; readonly deviation: number; readonly seed: number },
): number[] {
  const random = seededRandom(options.seed)
  return Array.from({ length: count }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - random()))
    return options.mean + options.deviation * radius * Math.cos(2 * Math.PI * random())
  })
}
