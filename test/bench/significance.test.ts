import { createHistogram } from 'node:perf_hooks'
import { describe, expect, test } from 'vitest'
import { significance } from '../../bench/harness/significance.ts'

const available = 'mannWhitneyTest' in createHistogram()
const samples = (from: number): number[] => Array.from({ length: 30 }, (_, i) => from + i / 10)

describe.skipIf(!available)('significance()', () => {
  test('finds samples that lie apart', () => {
    const found = significance(samples(10), samples(20))

    expect(found?.pValue).toBeLessThan(0.001)
    expect(Math.abs(found?.cliffsDelta ?? 0)).toBe(1)
  })

  test('finds no difference between equal samples', () => {
    const found = significance(samples(10), samples(10))

    expect(found?.pValue).toBeGreaterThan(0.9)
    expect(found?.cliffsDelta).toBeCloseTo(0)
  })
})
