import { expect, test } from 'vitest'
import { type Recovery, recoveries } from './support/recovery.ts'

/**
 * The promise is a time (`breaker.recoveryMs`), which test/soak measures with settings as shipped.
 * A busy machine makes every time longer, so here the ground of the promise is counted: a circuit
 * opens at most once more after its dependency is well, and not at all unless a probe hung then.
 */
test('a circuit closes by traffic or by its own probe, whatever the fault was', async () => {
  const open = { baseMs: 300, jitter: 0.2 }
  const all = await recoveries({
    outages: [500, 1400, { round: 2, afterMs: 200 }],
    guard: { timeoutMs: 2000, breaker: { open } },
    ...{ everyMs: 50, connections: 'cut' },
  })

  expect(all).toHaveLength(30)
  expect(all.filter(({ trips, recoveriesMs }) => trips !== 1 || recoveriesMs.length !== 1)).toEqual(
    [],
  )
  expect(all.filter(({ reopened }) => reopened > 1)).toEqual([])
  expect(all.filter(isWoken)).toEqual([])
})

/** Whether somebody was asked who should have been left alone: without traffic only probes come. */
function isWoken({ by, sent }: Recovery): boolean {
  return by === 'probe' && sent > 6
}
