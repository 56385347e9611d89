import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { GuardSettings } from '../../src/guard/settings.ts'
import { guarded, pending, works, type GuardRig } from './support/guarded.ts'
import { guardSettings } from './support/settings.ts'

const bulkhead = { mode: 'fixed', max: 1, queue: 2, queueTimeoutMs: 10_000 } as const
const settings = guardSettings({ consecutive: 1 }, { bulkhead, timeoutMs: 0 })

interface Scene extends GuardRig {
  /** Ends the call that holds the only place, and waits until all is over. */
  readonly end: () => Promise<void>
  readonly waiter: Promise<unknown>
  readonly outcomes: () => string[]
}

/** One call holds the only place, another one waits for it. */
function scene(changes: GuardSettings = settings, signal?: AbortSignal): Scene {
  const rig = guarded(changes)
  const running = pending()
  const one = rig.guard.call(running.task)
  const waiter = rig.guard.call(works, { signal }).catch((error: unknown) => error)
  return {
    ...rig,
    waiter,
    outcomes: () => rig.calls.map(({ outcome }) => outcome),
    end: async () => {
      running.end('done')
      await Promise.all([one, waiter])
    },
  }
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a call that waits for a place', () => {
  test('is told with how long it waited, which is no part of its duration', async () => {
    const { guard, calls } = guarded(settings)
    const running = pending()
    await vi.advanceTimersByTimeAsync(50)
    const both = [guard.call(running.task), guard.call(works)]

    await vi.advanceTimersByTimeAsync(300)
    running.end('done')
    await Promise.all(both)

    expect(calls).toMatchObject([
      { durationMs: 300, queuedMs: 0 },
      { durationMs: 0, queuedMs: 300 },
    ])
  })

  test('is refused when its dependency is isolated, and told as that', async () => {
    const { guard, waiter, end, outcomes } = scene()

    guard.isolate()

    expect(await waiter).toMatchObject({
      code: 'SOMON_GUARD_ISOLATED',
      data: { state: 'isolated', reason: 'isolated', retryAfterMs: undefined },
    })
    await end()
    expect(outcomes()).toEqual(['isolated', 'ok'])
  })

  test('is refused by the failure that opens the circuit, with what failed', async () => {
    const two = { ...bulkhead, max: 2 }
    const { guard } = guarded(guardSettings({ consecutive: 1 }, { bulkhead: two, timeoutMs: 0 }))
    const [running, failing] = [pending(), pending()]
    const calls = [guard.call(running.task), guard.call(failing.task)]
    const waiters = [1, 2].map(() => guard.call(works).catch((error: unknown) => error as Error))

    failing.fail(new Error('reset'))
    const [first, second] = await Promise.all(waiters)
    running.end('done')
    await Promise.allSettled(calls)
    guard.dispose()

    const refusal = {
      code: 'SOMON_GUARD_OPEN',
      data: { state: 'open', reason: 'consecutive', retryAfterMs: 5000 },
      cause: { message: 'reset' },
    }
    expect([first, second]).toMatchObject([refusal, refusal])
    expect((first as Error).stack).toContain('\n    at ')
    expect((second as Error).stack).not.toContain('\n    at ')
  })

  test('is refused when its guard ends, which tells nothing', async () => {
    const { guard, waiter, end, outcomes } = scene()

    guard.dispose()

    expect(await waiter).toMatchObject({
      code: 'SOMON_GUARD_DISPOSED',
      data: { owner: 'orders', dependency: 'payments', state: 'closed', reason: 'disposed' },
    })
    await end()
    expect(outcomes()).toEqual(['ok'])
    expect(guard.snapshot().totals).toMatchObject({ ok: 1, ignored: 0, full: 0 })
  })

  test('is refused by the circuit even if its caller goes in the same turn', async () => {
    const gone = new AbortController()
    const { guard, waiter, end, outcomes } = scene(settings, gone.signal)

    guard.open()
    gone.abort()

    expect(await waiter).toMatchObject({ code: 'SOMON_GUARD_OPEN' })
    await end()
    expect(outcomes()).toEqual(['open', 'ok'])
    guard.dispose()
  })

  test('stays where it is when settings change that do not concern it', async () => {
    const { guard, waiter, end } = scene()

    guard.configure(guardSettings({ consecutive: 2 }, { bulkhead, timeoutMs: 0 }))
    const { queued } = guard.snapshot()
    await end()

    expect(queued).toBe(1)
    expect(await waiter).toBe('ok')
  })

  test('stays where it is, as a probe too, when the circuit closes', async () => {
    const { guard, end } = scene()
    guard.open()
    await vi.advanceTimersByTimeAsync(5000)
    const probe = guard.call(works).catch((error: unknown) => error)

    guard.close()
    const { queued } = guard.snapshot()
    await end()

    expect(queued).toBe(1)
    expect(await probe).toBe('ok')
  })

  test('is counted together with those that wait for a token', async () => {
    const rate = { perSecond: 1, burst: 2, waitMs: 10_000 }
    const { guard, end } = scene({ ...settings, rate })
    const third = guard.call(works)

    const { queued } = guard.snapshot()
    await vi.advanceTimersByTimeAsync(1000)
    await end()

    expect(queued).toBe(2)
    expect(await third).toBe('ok')
  })
})

describe('DependencyGuard.configure()', () => {
  test('bounds the rate from then on', async () => {
    const { guard } = guarded()
    await guard.call(works)

    guard.configure(guardSettings({}, { rate: { perSecond: 1, burst: 1, waitMs: 0 } }))
    await guard.call(works)
    const limited = await guard.call(works).catch((error: unknown) => error)

    expect(limited).toMatchObject({ code: 'SOMON_GUARD_RATE_LIMITED', data: { reason: 'rate' } })
  })

  test('changes how the number of places is found', async () => {
    const { guard } = guarded(settings)

    guard.configure(guardSettings({}, { bulkhead: { ...bulkhead, mode: 'gradient2', max: 64 } }))
    const adaptive = guard.snapshot().limit
    guard.configure(guardSettings({}, { bulkhead: { ...bulkhead, mode: 'gradient2', max: 8 } }))
    const lower = guard.snapshot().limit
    guard.configure(guardSettings({}, { bulkhead: { ...bulkhead, mode: 'off' } }))

    expect([adaptive, lower, guard.snapshot().limit]).toEqual([20, 8, null])
  })
})

describe('DependencyGuard.dispose()', () => {
  test('ends the timer of an open circuit', () => {
    const { guard } = guarded()
    guard.open()

    guard.dispose()

    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('the adaptive bulkhead', () => {
  test('learns nothing from callers who went away', async () => {
    const adaptive = { ...bulkhead, mode: 'gradient2', max: 64 } as const
    const { guard, limits } = guarded(guardSettings({}, { bulkhead: adaptive, timeoutMs: 0 }))
    const batch = async (ms: number): Promise<void> => {
      const gone = new AbortController()
      const calls = Array.from({ length: 15 }, () =>
        guard.call(pending().task, { signal: gone.signal }).catch(() => {}),
      )
      await vi.advanceTimersByTimeAsync(ms)
      gone.abort()
      await Promise.all(calls)
      await vi.advanceTimersByTimeAsync(5000)
    }

    for (let at = 0; at < 10; at += 1) await batch(10)
    for (let at = 0; at < 10; at += 1) await batch(1000)

    expect(limits).toEqual([])
  })
})

describe('DependencyGuard.recordFailure()', () => {
  test('counts nothing that isFailure takes for an answer', () => {
    const { guard, calls } = guarded(guardSettings({ consecutive: 1 }), { isFailure: () => false })

    guard.recordFailure(new Error('conflict'), guard.breaker.generation)

    expect(calls).toEqual([])
    expect(guard.snapshot()).toMatchObject({ state: 'closed', window: { ok: 0 } })
  })
})
