import { describe, expect, test } from 'vitest'
import { nothing, runStorm, wrongWith } from '../chaos/support/run-storm.ts'
import type { StormOptions } from '../chaos/support/storm.ts'
import type { Tally } from '../chaos/support/tally.ts'

/** Without and with faults in turn, so that a machine that changes its pace changes that of both. */
const blocks = [false, true, true, false, false, true, true, false].map((isSick) => ({
  ms: 7500,
  isSick,
}))

/** All but the timeout is as shipped: in blocks of this length ten seconds would show nothing. */
const options: Omit<StormOptions, 'style'> = {
  ...{ places: 50, perSecond: 400, sickEvery: 10, workers: 64, sickTimeoutMs: 1000 },
  ...{ blocks, guard: {} },
}

describe.each(['fetch', 'axios'] as const)('60 s with 5 failing of 50, by %s', (style) => {
  test('cost the healthy ones nothing', async ({ signal, annotate }) => {
    const { report, left } = await runStorm({ ...options, style }, signal)
    await annotate(JSON.stringify(report))

    const [calm, stormy] = [false, true].map((isSick) =>
      report.blocks.filter((_, at) => blocks[at]?.isSick === isSick),
    ) as [Tally[], Tally[]]
    expect(report.blocks.map(({ outcomes }) => outcomes)).toEqual(
      report.blocks.map(({ offered }) => ({ '200 well': offered })),
    )
    expect(median(stormy.map(({ p99 }) => p99))).toBeLessThanOrEqual(
      1.1 * median(calm.map(({ p99 }) => p99)) + 2,
    )
    expect([report.spurious, report.bypasses]).toEqual([[], []])
    expect(report.patients.flatMap((patient) => wrongWith(patient, style))).toEqual([])
    // Only a probe that hung when its place got well may fail once more.
    expect(report.patients.filter(({ reopened, spells }) => reopened > spells)).toEqual([])
    expect(left).toEqual(nothing)
  })
})

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length / 2
  return ((sorted[Math.ceil(half) - 1] ?? 0) + (sorted[Math.floor(half)] ?? 0)) / 2
}
