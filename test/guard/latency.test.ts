import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Latency } from '../../src/guard/latency.ts'

function latencyOf(...all: number[]): Latency {
  const latency = new Latency()
  for (const ms of all) latency.record(ms)
  return latency
}

describe('Latency.percentiles()', () => {
  test('is nothing before the first latency', () => {
    expect(new Latency().percentiles()).toBeUndefined()
  })

  test('is the one latency there is, whatever it is', () => {
    for (const ms of [0, 0.01, 1, 12.3, 10_000, 1e9]) {
      const { p50 = NaN, p999 = NaN } = latencyOf(ms).percentiles() ?? {}

      expect([p50, p999]).toEqual(ms > 4_194_304 ? [4_194_304, 4_194_304] : [ms, ms])
    }
  })

  test('finds the share that is not above it', () => {
    const latency = latencyOf(...Array.from({ length: 1000 }, (_, index) => index + 1))

    const { p50 = 0, p95 = 0, p99 = 0, p999 = 0 } = latency.percentiles() ?? {}

    expect(p50).toBeGreaterThanOrEqual(500)
    expect(p50).toBeLessThan(500 * 1.0625)
    expect(p95).toBeGreaterThanOrEqual(950)
    expect(p99).toBeGreaterThanOrEqual(990)
    expect(p999).toBe(1000)
  })

  test('is never below the true one, and at most a sixteenth or 1/16 ms above', () => {
    const ms = fc.oneof(
      fc.double({ min: 0, max: 4_000_000, noNaN: true }),
      fc.double({ min: 0, max: 10, noNaN: true }),
      fc.integer({ min: 0, max: 4096 }),
    )
    fc.assert(
      fc.property(fc.array(ms, { minLength: 1, maxLength: 200 }), (all) => {
        const sorted = all.toSorted((a, b) => a - b)
        const shown = latencyOf(...all).percentiles()
        for (const [share, value] of [
          [0.5, shown?.p50 ?? NaN],
          [0.95, shown?.p95 ?? NaN],
          [0.99, shown?.p99 ?? NaN],
          [0.999, shown?.p999 ?? NaN],
        ] as const) {
          const real = sorted[Math.ceil(share * all.length) - 1] ?? NaN

          expect(value).toBeGreaterThanOrEqual(real)
          expect(value).toBeLessThanOrEqual(Math.max(real + 1 / 16, real * (1 + 1 / 16)))
        }
      }),
      { numRuns: 1000 },
    )
  })
})
