import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { DependencyGuard } from '../../src/guard/dependency-guard.ts'
import type { EnterOptions, HeldCall } from '../../src/guard/held-call.ts'
import { guarded } from './support/guarded.ts'
import { guardSettings } from './support/settings.ts'

const queue = { queue: 0, queueTimeoutMs: 0 }

function held(guard: DependencyGuard, options?: EnterOptions): HeldCall {
  const call = guard.enter(options)
  if (call === undefined || call instanceof Error) throw call ?? new Error('it passed untouched')
  return call
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('DependencyGuard.enter() takes neither a place nor a token for a call without bounds', () => {
  const rate = { perSecond: 1, burst: 1, waitMs: 0 }
  const bulkhead = { mode: 'fixed', max: 1, ...queue } as const
  const { guard, calls } = guarded(guardSettings({}, { rate, bulkhead }))

  const dials = Array.from({ length: 3 }, () => held(guard, { isUnbounded: true }))
  const { inflight } = guard.snapshot()
  held(guard).ok()
  for (const dial of dials) dial.ok()

  expect(inflight).toBe(0)
  expect(calls.map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'ok', 'ok'])
  expect(guard.snapshot()).toMatchObject({ inflight: 0, window: { ok: 4 } })
})

test.each([true, false])(
  'DependencyGuard.enter() adapts the limit to calls with bounds alone: %s',
  async (isUnbounded) => {
    const bulkhead = { mode: 'gradient2', max: 64, ...queue } as const
    const { guard, limits } = guarded(guardSettings({}, { bulkhead, timeoutMs: 0 }))

    for (const ms of [10, 10, 1000, 1000]) {
      const calls = Array.from({ length: 10 }, () => held(guard, { isUnbounded }))
      await vi.advanceTimersByTimeAsync(ms)
      for (const call of calls) call.ok()
    }

    expect(limits.length === 0).toBe(isUnbounded)
  },
)
