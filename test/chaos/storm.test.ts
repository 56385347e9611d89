import { describe, expect, test } from 'vitest'
import { nothing, runStorm, wrongWith } from './support/run-storm.ts'
import type { StormOptions } from './support/storm.ts'

/**
 * Counts only: how long calls take is compared in test/soak, where nothing else runs. Here the
 * machine is shared with other tests, so the same calls without any fault differ by far more than
 * a fault of a neighbour may cost.
 *
 * The timeout is far above what a healthy call takes on a busy machine, and open times are so
 * short that circuits are half-open some times within the test.
 */
const options: Omit<StormOptions, 'style'> = {
  ...{ places: 50, perSecond: 150, sickEvery: 2, workers: 64, sickTimeoutMs: 1000 },
  blocks: [
    { ms: 1000, isSick: false },
    { ms: 3500, isSick: true },
  ],
  guard: { breaker: { recoveryMs: 6000, open: { baseMs: 700, factor: 1 } } },
}

describe.each(['fetch', 'axios'] as const)('50 dependencies of which 5 fail, by %s', (style) => {
  test('the others are not touched, the 5 are left alone, and nothing is left behind', async ({
    signal,
  }) => {
    const { report, left } = await runStorm({ ...options, style }, signal)

    for (const { offered, outcomes } of report.blocks) {
      expect(outcomes).toEqual({ '200 well': offered })
    }
    expect(report.spurious).toEqual([])
    expect(report.bypasses).toEqual([])
    expect(report.patients.flatMap((patient) => wrongWith(patient, style))).toEqual([])
    expect(left).toEqual(nothing)
  })
})
