import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { GuardEvents } from '../../src/guard/events.ts'
import { fails, failTimes, guarded, pending, works } from './support/guarded.ts'
import { guardSettings } from './support/settings.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('DependencyGuard.settings', () => {
  test('are those of the last configure()', () => {
    const { guard } = guarded()
    const changed = guardSettings({ consecutive: 2 })

    guard.configure(changed)

    expect(guard.settings).toBe(changed)
  })

  test('decide of retries from then on', async () => {
    const none = { max: 1, budget: 0, minPerSecond: 0 }
    const { guard } = guarded(guardSettings({}, { retry: none }))
    const task = vi.fn(fails)
    await guard.call(task, { idempotent: true }).catch(() => {})
    const before = task.mock.calls.length

    guard.configure(guardSettings({}, { retry: { ...none, minPerSecond: 10 } }))
    await vi.advanceTimersByTimeAsync(1000)
    const result = guard.call(task, { idempotent: true }).catch(() => {})
    await vi.advanceTimersByTimeAsync(1000)
    await result

    expect([before, task.mock.calls.length]).toEqual([1, 3])
  })
})

describe('DependencyGuard.isIdle', () => {
  test('is false while a call waits for a token', async () => {
    const rate = { perSecond: 1, burst: 1, waitMs: 5000 }
    const { guard } = guarded(guardSettings({}, { rate }))
    await guard.call(works)
    const waiting = guard.call(works)

    const isIdle = guard.isIdle
    await vi.advanceTimersByTimeAsync(1000)
    await waiting

    expect([isIdle, guard.isIdle]).toEqual([false, true])
  })
})

describe('DependencyGuard.recovered()', () => {
  test('closes an open circuit as probes do', () => {
    const { guard } = guarded()
    guard.open()

    guard.recovered()

    expect(guard.snapshot()).toMatchObject({ state: 'closed', reason: 'probes-succeeded' })
  })

  test('leaves the window of a closed circuit alone', async () => {
    const { guard } = guarded()
    await failTimes(guard, 2)

    guard.recovered()

    expect(guard.snapshot().window.failure).toBe(2)
  })

  test('does nothing once the guard has ended', () => {
    const { guard } = guarded()
    guard.open()
    guard.dispose()

    guard.recovered()

    expect(guard.breaker.state).toBe('open')
  })
})

describe('the time of a call', () => {
  test('is bounded by deadlineMs where an edge sends it too', async () => {
    const { guard } = guarded()
    const result = guard.send(pending().task, { deadlineMs: 50 }).catch((error: unknown) => error)

    await vi.advanceTimersByTimeAsync(50)

    expect(await result).toMatchObject({ data: { reason: 'deadline', timeoutMs: 50 } })
  })

  test('is bounded by timeoutMs where it is shared too', async () => {
    const { guard } = guarded()
    const shared = { flightKey: 'balance', timeoutMs: 50 }
    const result = guard.call(pending().task, shared).catch((error: unknown) => error)

    await vi.advanceTimersByTimeAsync(50)

    expect(await result).toMatchObject({ data: { reason: 'timeout', timeoutMs: 50 } })
  })
})

describe('a call inside a task of the same guard', () => {
  test('hands its task the signal of its caller, or one of its own', async () => {
    const { guard } = guarded()
    const { signal } = new AbortController()
    const seen: AbortSignal[] = []
    const see = async (own: AbortSignal): Promise<void> => void seen.push(own)

    await guard.call(async () => {
      await guard.call(see, { signal })
      await guard.call(see)
    })

    expect(seen).toEqual([signal, expect.any(AbortSignal)])
    expect(seen[1]).not.toBe(signal)
  })
})

describe('guard.retry', () => {
  test('tells each further attempt, and the one that the budget forbade', async () => {
    const retry = { max: 5, budget: 0, minPerSecond: 2 }
    const { guard, events } = guarded(guardSettings({ consecutive: 0 }, { retry }))
    const told: GuardEvents['guard.retry'][] = []
    events.on('guard.retry', (event) => told.push(event))

    const result = guard.call(fails, { idempotent: true }).catch(() => {})
    await vi.advanceTimersByTimeAsync(10)
    await result

    const named = { owner: 'orders', dependency: 'payments' }
    expect(told).toEqual([
      { ...named, attempt: 1, result: 'sent' },
      { ...named, attempt: 2, result: 'sent' },
      { ...named, attempt: 3, result: 'no-budget' },
    ])
  })
})

describe('guard.call', () => {
  test('tells a refusal without a duration', async () => {
    const { guard, calls } = guarded()
    guard.isolate()

    const error = await guard.call(works).catch((thrown: unknown) => thrown)

    expect(error).not.toHaveProperty('cause')
    expect(calls).toEqual([
      {
        ...{ owner: 'orders', dependency: 'payments', outcome: 'isolated' },
        ...{ slow: false, stale: false, durationMs: 0, queuedMs: 0 },
      },
    ])
  })
})

describe('a call inside a task of another guard', () => {
  test('is guarded', async () => {
    const [outer, inner] = [guarded(), guarded()]

    await outer.guard.call(() => inner.guard.call(works))

    expect([outer.calls.length, inner.calls.length]).toEqual([1, 1])
  })
})
