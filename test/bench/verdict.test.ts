import { describe, expect, test } from 'vitest'
import { GEOMETRIC_MEAN, type Target } from '../../bench/harness/question.ts'
import { worstSelfRatio, rowsOf } from '../../bench/harness/rows.ts'
import type { CaseSamples } from '../../bench/harness/samples.ts'
import { judge, type Circumstances } from '../../bench/harness/verdict.ts'

const metrics = [
  { name: 'cpuMs', unit: 'ms' },
  { name: 'wallMs', unit: 'ms', wall: true },
] as const
const quiet: Circumstances = { valid: true, noisy: false, metrics, slack: 0 }
const target: Target = {
  case: 'each',
  variant: 'ours',
  metric: 'cpuMs',
  sense: 'at most',
  limit: 0.5,
  of: 'ratio',
  against: 'peer',
}

function caseOf(name: string, peer: number[], ours: number[], self = peer): CaseSamples {
  return { name, variants: [lane('peer', peer), lane('ours', ours), lane('A/A', self)] }
}

function lane(variant: string, cpuMs: number[]): CaseSamples['variants'][number] {
  return { variant, failure: undefined, samples: { cpuMs, wallMs: cpuMs } }
}

describe('judge()', () => {
  test('compares the median of paired ratios with the limit', () => {
    const cases = [caseOf('a', [10, 20, 30], [5, 10, 15]), caseOf('b', [10, 10], [6, 6])]

    const results = judge(target, cases, quiet)

    expect(results.map(({ actual, verdict }) => [actual, verdict])).toEqual([
      [0.5, 'met'],
      [0.6, 'missed'],
    ])
    expect(results[0]?.interval).toEqual({ low: 0.5, high: 0.5 })
  })

  test('gives CI its slack and no more', () => {
    const cases = [caseOf('a', [100, 100], [57, 57]), caseOf('b', [100, 100], [58, 58])]

    const results = judge(target, cases, { ...quiet, slack: 0.15 })

    expect(results.map(({ verdict }) => verdict)).toEqual(['met', 'missed'])
  })

  test('takes the geometric mean over the cases', () => {
    const cases = [caseOf('a', [10, 10], [2.5, 2.5]), caseOf('b', [10, 10], [10, 10])]

    const [result] = judge({ ...target, case: GEOMETRIC_MEAN }, cases, quiet)

    expect(result?.case).toBe(GEOMETRIC_MEAN)
    expect(result?.actual).toBeCloseTo(0.5)
  })

  test('judges values, differences and lower limits', () => {
    const cases = [caseOf('a', [10, 10], [52, 52])]

    const value = judge({ ...target, of: 'value', limit: 52 }, cases, quiet)
    const difference = judge({ ...target, of: 'difference', limit: 41 }, cases, quiet)
    const least = judge({ ...target, of: 'value', sense: 'at least', limit: 53 }, cases, quiet)

    expect([value, difference, least].map(([result]) => [result?.actual, result?.verdict])).toEqual(
      [
        [52, 'met'],
        [42, 'missed'],
        [52, 'missed'],
      ],
    )
  })

  test('says failed when a variant has no samples', () => {
    const cases: CaseSamples[] = [
      { name: 'a', variants: [{ variant: 'ours', failure: 'broken', samples: {} }] },
    ]

    expect(judge(target, cases, quiet)[0]?.verdict).toBe('failed')
  })

  test('compares nothing when the run is invalid', () => {
    const cases = [caseOf('a', [10, 10], [1, 1])]

    expect(judge(target, cases, { ...quiet, valid: false })[0]?.verdict).toBe('invalid')
  })

  test('compares no wall time on a noisy machine', () => {
    const cases = [caseOf('a', [10, 10], [1, 1])]
    const noisy = { ...quiet, noisy: true }

    expect(judge({ ...target, metric: 'wallMs' }, cases, noisy)[0]?.verdict).toBe('noisy')
    expect(judge(target, cases, noisy)[0]?.verdict).toBe('met')
  })
})

describe('worstSelfRatio()', () => {
  test('finds the case whose first variant differs most from itself', () => {
    const cases = [
      caseOf('a', [100, 100], [1, 1], [101, 101]),
      caseOf('b', [100, 100], [1, 1], [94, 94]),
      caseOf('c', [100, 100], [1, 1], [103, 103]),
    ]

    expect(worstSelfRatio(cases, 'cpuMs')).toBeCloseTo(0.94)
  })

  test('is 1 when the two agree', () => {
    expect(worstSelfRatio([caseOf('a', [5, 6], [1, 1])], 'cpuMs')).toBe(1)
  })
})

describe('rowsOf()', () => {
  test('has the numbers of every variant and metric, and ratios to the first', () => {
    const rows = rowsOf([caseOf('a', [10, 20, 30], [5, 10, 15])], metrics)

    expect(rows).toHaveLength(6)
    expect(rows[0]).toMatchObject({ variant: 'peer', median: 20, min: 10, count: 3 })
    expect(rows[0]?.ratio).toBeUndefined()
    expect(rows[2]?.ratio).toEqual({ ratio: 0.5, low: 0.5, high: 0.5 })
  })

  test('keeps a failed variant in the table', () => {
    const rows = rowsOf(
      [{ name: 'a', variants: [{ variant: 'peer', failure: 'exit code 1', samples: {} }] }],
      metrics,
    )

    expect(rows[0]).toMatchObject({ variant: 'peer', failure: 'exit code 1', count: 0 })
  })
})
