import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { fails, failTimes, guarded, pending, works } from './support/guarded.ts'
import { guardSettings } from './support/settings.ts'

function ended(result: Promise<unknown>): Promise<unknown> {
  return result.catch(() => {})
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const nothing = {
  ...{ ok: 0, failure: 0, timeout: 0, overload: 0, ignored: 0 },
  ...{ open: 0, isolated: 0, full: 0, limited: 0 },
  ...{ slow: 0, stale: 0, retries: 0, retriesDenied: 0, fallbacks: 0, abandoned: 0 },
}

describe('DependencyGuard.snapshot()', () => {
  test('shows all there is, before the first call too', () => {
    const { guard } = guarded()

    const shown = guard.snapshot()

    expect(shown).toEqual({
      ...{ component: 'orders', dependency: 'payments', state: 'closed', since: Date.now() },
      ...{ reason: undefined, retryAfterMs: 0, attempt: 0, openMs: 0, generation: 0 },
      ...{ inflight: 0, queued: 0, limit: 64, retryBudget: 1, lastFailure: undefined },
      window: {
        ...{ ms: 10_000, ok: 0, failure: 0, timeout: 0, overload: 0 },
        ...{ slow: 0, ignored: 0, refused: 0, consecutive: 0 },
      },
      latencyMs: null,
      totals: nothing,
    })
  })

  test('shows an open circuit with its times, its reason and what failed', async () => {
    const { guard } = guarded()
    await failTimes(guard, 5)
    vi.advanceTimersByTime(800)

    const shown = guard.snapshot()

    expect(shown).toMatchObject({
      ...{ state: 'open', since: Date.now() - 800, reason: 'consecutive' },
      ...{ retryAfterMs: 4200, attempt: 0, openMs: 5000, generation: 1 },
      lastFailure: { name: 'Error', code: undefined, message: 'refused', at: Date.now() - 800 },
      window: { failure: 5, consecutive: 5 },
    })
    guard.dispose()
  })

  test('shows latencies of calls that said something, timeouts included', async () => {
    const { guard } = guarded(guardSettings({}, { timeoutMs: 1000 }))
    const after = (ms: number): Promise<void> =>
      guard.call(() => new Promise((resolve) => setTimeout(resolve, ms)))
    const results = Promise.allSettled([after(10), after(10), after(10), after(2000)])
    const gone = new AbortController()
    const silent = { signal: gone.signal, timeoutMs: 0 }
    const ignored = ended(guard.call(pending().task, silent))
    await vi.advanceTimersByTimeAsync(2000)
    gone.abort()

    await Promise.all([results, ignored])

    expect(guard.snapshot().latencyMs).toEqual({ p50: 10, p95: 1000, p99: 1000, p999: 1000 })
  })

  test('shows no limit where the bulkhead is off, and what runs all the same', async () => {
    const bulkhead = { mode: 'off', max: 1, queue: 0, queueTimeoutMs: 0 } as const
    const { guard } = guarded(guardSettings({}, { bulkhead }))
    const { task, end } = pending()
    const running = [guard.call(task), guard.call(task)]

    const shown = guard.snapshot()
    const isIdle = guard.isIdle
    end('done')
    await Promise.all(running)

    expect(shown).toMatchObject({ inflight: 2, limit: null })
    expect([isIdle, guard.isIdle]).toEqual([false, true])
  })
})

describe('the window of a snapshot', () => {
  test('has a column for each kind of result', async () => {
    const settings = guardSettings({ consecutive: 9, slowCallMs: 50 }, { ignore: ['EOWN'] })
    const { guard } = guarded(settings)
    const busy = Object.assign(new Error('busy'), { status: 429 })
    const slow = guard.call(() => new Promise((resolve) => setTimeout(resolve, 50)))
    await vi.advanceTimersByTimeAsync(50)
    await slow
    await ended(guard.call(() => Promise.reject(busy)))
    await ended(guard.call(() => Promise.reject(Object.assign(new Error(), { code: 'EOWN' }))))
    guard.isolate()
    await ended(guard.call(works))

    expect(guard.snapshot().window).toEqual({
      ...{ ms: 10_000, ok: 1, failure: 0, timeout: 0, overload: 1 },
      ...{ slow: 1, ignored: 1, refused: 1, consecutive: 1 },
    })
  })
})

describe('the totals of a guard', () => {
  test('count each call once, by what came of it, and outlive the window', async () => {
    const bulkhead = { mode: 'fixed', max: 1, queue: 0, queueTimeoutMs: 0 } as const
    const rate = { perSecond: 7, burst: 7, waitMs: 0 }
    const settings = guardSettings(
      { consecutive: 0, minCalls: 1000, slowCallMs: 50 },
      { bulkhead, rate, timeoutMs: 100, abandonMs: 10 },
    )
    const { guard } = guarded(settings)
    const never = pending()

    await guard.call(works)
    await ended(guard.call(fails))
    await ended(
      guard.call(() =>
        Promise.reject(Object.assign(new Error('busy'), { status: 503, retryAfterMs: 1 })),
      ),
    )
    const timedOut = ended(guard.call(never.task))
    await ended(guard.call(works))
    await vi.advanceTimersByTimeAsync(110)
    await timedOut
    await ended(guard.call(works, { signal: AbortSignal.abort() }))
    for (let at = 0; at < 4; at += 1) await ended(guard.call(works))
    guard.isolate()
    await ended(guard.call(works))
    guard.enable()
    guard.open()
    await ended(guard.call(works))
    vi.advanceTimersByTime(60_000)
    const { totals, window } = guard.snapshot()
    guard.dispose()

    expect(totals).toEqual({
      ...nothing,
      ...{ ok: 4, failure: 1, overload: 1, timeout: 1, slow: 1, abandoned: 1, ignored: 1 },
      ...{ full: 1, limited: 1, isolated: 1, open: 1 },
    })
    expect(window.ok).toBe(0)
  })

  test('count what an outer stage did: retries, those without a budget, fallbacks', async () => {
    const retry = { max: 5, budget: 0, minPerSecond: 2 }
    const settings = guardSettings({ consecutive: 0, minCalls: 1000 }, { retry })
    const { guard } = guarded(settings, { fallback: () => 'last known' })

    const result = guard.call(fails, { idempotent: true })
    await vi.advanceTimersByTimeAsync(10)

    expect(await result).toBe('last known')
    expect(guard.snapshot().totals).toMatchObject({
      ...{ failure: 3, retries: 2, retriesDenied: 1, fallbacks: 1 },
    })
  })

  test('count stale results beside their outcome', async () => {
    const { guard } = guarded()
    const { task, end } = pending()
    const late = guard.call(task)

    guard.reset()
    end('late')
    await late

    expect(guard.snapshot()).toMatchObject({ totals: { ok: 1, stale: 1 }, window: { ok: 0 } })
  })
})
