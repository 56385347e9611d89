import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { guarded, pending, works } from './support/guarded.ts'
import { guardSettings } from './support/settings.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('the timeout of a guard', () => {
  test('answers the caller, aborts the task, and counts as a timeout', async () => {
    const { guard } = guarded(guardSettings({}, { timeoutMs: 200 }))
    const { task, started } = pending()
    const result = guard.call(task).catch((error: unknown) => error)

    await vi.advanceTimersByTimeAsync(200)

    expect(await result).toMatchObject({ code: 'SOMON_GUARD_TIMEOUT', data: { timeoutMs: 200 } })
    expect(started[0]?.aborted).toBe(true)
    expect(guard.snapshot().window).toMatchObject({ timeout: 1, consecutive: 1 })
  })

  test('keeps the slot of a task that goes on, for abandonMs', async () => {
    const bulkhead = { mode: 'fixed', max: 1, queue: 0, queueTimeoutMs: 0 } as const
    const { guard } = guarded(guardSettings({}, { timeoutMs: 100, abandonMs: 500, bulkhead }))
    void guard.call(pending().task).catch(() => {})

    await vi.advanceTimersByTimeAsync(100)
    const held = guard.snapshot().inflight
    await vi.advanceTimersByTimeAsync(500)

    expect(held).toBe(1)
    expect(guard.snapshot().inflight).toBe(0)
  })

  test('is that of the call where it has one', async () => {
    const { guard } = guarded(guardSettings({}, { timeoutMs: 10_000 }))
    const result = guard.call(pending().task, { timeoutMs: 50 }).catch((error: unknown) => error)

    await vi.advanceTimersByTimeAsync(50)

    expect(await result).toMatchObject({ data: { timeoutMs: 50 } })
  })
})

describe('a call that fails', () => {
  test('is told with how long it took', async () => {
    const { guard, calls } = guarded()
    const { task, fail } = pending()
    await vi.advanceTimersByTimeAsync(50)
    const result = guard.call(task).catch(() => {})

    await vi.advanceTimersByTimeAsync(70)
    fail(new Error('refused'))
    await result

    expect(calls).toMatchObject([{ outcome: 'failure', durationMs: 70, queuedMs: 0 }])
  })
})

describe('the abort of a caller', () => {
  test('is thrown as it is and says nothing about the dependency', async () => {
    const { guard } = guarded(guardSettings({ consecutive: 1 }))
    const controller = new AbortController()
    const reason = new Error('gone')
    const result = guard.call(pending().task, { signal: controller.signal })

    controller.abort(reason)

    await expect(result).rejects.toBe(reason)
    expect(guard.snapshot()).toMatchObject({ state: 'closed', window: { ignored: 1, failure: 0 } })
  })
})

describe('a caller who has gone before its call starts', () => {
  const timedOut = AbortSignal.abort(new DOMException('', 'TimeoutError'))

  test('gets its reason, and nothing is blamed or asked', async () => {
    const { guard, calls } = guarded(guardSettings({ consecutive: 1 }))
    const task = vi.fn(works)

    const result = guard.call(task, { signal: timedOut })

    await expect(result).rejects.toBe(timedOut.reason)
    expect(task).not.toHaveBeenCalled()
    expect(guard.snapshot().state).toBe('closed')
    expect(calls.map(({ outcome }) => outcome)).toEqual(['ignored'])
  })

  test('leaves place and token to others when it goes as its turn comes', async () => {
    const bulkhead = { mode: 'fixed', max: 1, queue: 1, queueTimeoutMs: 300 } as const
    const rate = { perSecond: 1, burst: 2, waitMs: 0 }
    const { guard, calls } = guarded(guardSettings({ consecutive: 1 }, { bulkhead, rate }))
    const [running, task] = [pending(), vi.fn(works)]
    const gone = new AbortController()
    const one = guard.call(running.task)
    const two = guard.call(task, { signal: gone.signal }).catch((error: unknown) => error)

    // The place is given in this turn, and the task would start in the next one.
    guard.configure(guardSettings({ consecutive: 1 }, { rate, bulkhead: { ...bulkhead, max: 2 } }))
    gone.abort(timedOut.reason)
    const reason = await two
    const three = await guard.call(works)
    running.end('done')
    await one

    expect([reason, three]).toEqual([timedOut.reason, 'ok'])
    expect(task).not.toHaveBeenCalled()
    expect(guard.snapshot()).toMatchObject({ state: 'closed', inflight: 0 })
    expect(calls.map(({ outcome }) => outcome)).toEqual(['ignored', 'ok', 'ok'])
  })
})
