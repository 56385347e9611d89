import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { fails, failTimes, guarded, pending, works } from './support/guarded.ts'
import { guardSettings } from './support/settings.ts'

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('DependencyGuard.call()', () => {
  test('starts an admitted task at once and returns a native promise', async () => {
    const { guard } = guarded()
    const { task, end, started } = pending()

    const result = guard.call(task)
    const startedAt = started.length
    end('done')

    expect(startedAt).toBe(1)
    expect(result).toBeInstanceOf(Promise)
    await expect(result).resolves.toBe('done')
  })

  test('refuses once the circuit is open, starts nothing and says what failed last', async () => {
    const { guard, calls } = guarded(guardSettings({ consecutive: 3 }))
    await failTimes(guard, 3)
    const task = vi.fn(works)

    const first = await guard.call(task).catch((error: unknown) => error)
    const second = await guard.call(task).catch((error: unknown) => error)

    expect(task).not.toHaveBeenCalled()
    expect(first).toMatchObject({
      code: 'SOMON_GUARD_OPEN',
      data: { owner: 'orders', dependency: 'payments', state: 'open', reason: 'consecutive' },
      cause: { name: 'Error', message: 'refused' },
    })
    expect((first as Error).stack).toContain('\n    at ')
    expect((second as Error).stack).not.toContain('\n    at ')
    expect(calls.map(({ outcome }) => outcome)).toEqual([
      ...['failure', 'failure', 'failure'],
      ...['open', 'open'],
    ])
  })

  test('serves again after the open time, when probes succeed', async () => {
    const settings = guardSettings({
      consecutive: 1,
      open: { baseMs: 1000, factor: 2, jitter: 0 },
      halfOpen: { probes: 1, successes: 2, maxMs: 5000 },
    })
    const { guard } = guarded(settings)
    await failTimes(guard, 1)
    await vi.advanceTimersByTimeAsync(1000)

    await guard.call(works)
    const between = guard.snapshot().state
    await guard.call(works)

    expect(between).toBe('half-open')
    expect(guard.snapshot().state).toBe('closed')
  })

  test('shows the new state to the caller whose failure opened the circuit', async () => {
    const { guard } = guarded(guardSettings({ consecutive: 1 }))

    const seen = await guard.call(fails).catch(() => guard.snapshot().state)

    expect(seen).toBe('open')
  })
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

describe('the bulkhead of a guard', () => {
  const bulkhead = { mode: 'fixed', max: 1, queue: 1, queueTimeoutMs: 300 } as const

  test('refuses who finds no place, without blame for the dependency', async () => {
    const { guard, calls } = guarded(guardSettings({ consecutive: 1 }, { bulkhead }))
    const running = pending()
    const one = guard.call(running.task)
    const two = guard.call(works)

    const three = await guard.call(works).catch((error: unknown) => error)
    running.end('done')

    expect(three).toMatchObject({ code: 'SOMON_GUARD_FULL', data: { reason: 'queue-full' } })
    expect(await Promise.all([one, two])).toEqual(['done', 'ok'])
    expect(guard.snapshot()).toMatchObject({ state: 'closed', inflight: 0, queued: 0 })
    expect(calls.map(({ outcome }) => outcome)).toEqual(['full', 'ok', 'ok'])
  })

  test('refuses who waits as soon as the circuit opens', async () => {
    const { guard, calls } = guarded(guardSettings({ consecutive: 1 }, { bulkhead }))
    const running = pending()
    const one = guard.call(running.task)
    const task = vi.fn(works)
    const two = guard.call(task).catch((error: unknown) => error)

    guard.open()
    const refused = await two
    running.end('done')

    expect(refused).toMatchObject({ code: 'SOMON_GUARD_OPEN' })
    expect(await one).toBe('done')
    expect(task).not.toHaveBeenCalled()
    expect(calls.map(({ outcome }) => outcome)).toEqual(['open', 'ok'])
  })

  test('counts a failure before the next call starts in its place', async () => {
    const { guard } = guarded(guardSettings({ consecutive: 1 }, { bulkhead }))
    const { promise, reject } = Promise.withResolvers<string>()
    const one = guard.call(() => promise).catch(() => 'failed')
    const task = vi.fn(works)
    const two = guard.call(task).catch((error: unknown) => error)

    reject(new Error('refused'))

    expect(await one).toBe('failed')
    expect(await two).toMatchObject({ code: 'SOMON_GUARD_OPEN' })
    expect(task).not.toHaveBeenCalled()
  })

  test('gives back the place of who had one when the circuit opened', async () => {
    const two = { ...bulkhead, max: 2 }
    const { guard } = guarded(guardSettings({ consecutive: 1 }, { bulkhead: two }))
    const running = pending()
    const failing = Promise.withResolvers<string>()
    const calls = [guard.call(running.task), guard.call(() => failing.promise)]
    const task = vi.fn(works)
    const third = guard.call(task).catch((error: unknown) => error)

    running.end('done')
    failing.reject(new Error('refused'))
    await Promise.allSettled(calls)

    expect(await third).toMatchObject({ code: 'SOMON_GUARD_OPEN' })
    expect(task).not.toHaveBeenCalled()
    expect(guard.snapshot().inflight).toBe(0)
  })

  test('counts a call that waited over a reset', async () => {
    const { guard } = guarded(guardSettings({}, { bulkhead }))
    const running = pending()
    const one = guard.call(running.task)
    const two = guard.call(works)

    guard.reset()
    running.end('done')
    await Promise.all([one, two])

    expect(guard.snapshot().window.ok).toBe(1)
  })

  test('gives back the place of a probe that found no place to run', async () => {
    const settings = guardSettings(
      {
        consecutive: 1,
        open: { baseMs: 100, factor: 1, jitter: 0 },
        halfOpen: { probes: 1, successes: 1, maxMs: 1000 },
      },
      { bulkhead: { ...bulkhead, queue: 0 }, timeoutMs: 0 },
    )
    const { guard } = guarded(settings)
    const running = pending()
    const one = guard.call(running.task)
    guard.open()
    await vi.advanceTimersByTimeAsync(100)

    const full = await guard.call(works).catch((error: unknown) => error)
    running.end('late')
    await one

    expect(full).toMatchObject({ code: 'SOMON_GUARD_FULL' })
    expect(await guard.call(works)).toBe('ok')
    expect(guard.snapshot().state).toBe('closed')
  })
})

describe('the adaptive bulkhead of a guard', () => {
  test('tells its limit, which falls when latencies rise', async () => {
    const bulkhead = { mode: 'gradient2', max: 64, queue: 0, queueTimeoutMs: 0 } as const
    const { guard, limits } = guarded(guardSettings({}, { bulkhead, timeoutMs: 0 }))
    const batch = async (ms: number): Promise<void> => {
      const calls = Array.from({ length: 4 }, () => guard.call(() => delay(ms)))
      await vi.advanceTimersByTimeAsync(ms)
      await Promise.all(calls)
    }

    for (let at = 0; at < 20; at += 1) await batch(10)
    for (let at = 0; at < 20; at += 1) await batch(1000)

    expect(limits.at(-1)).toBeLessThan(20)
    expect(guard.snapshot().limit).toBe(limits.at(-1))
  })
})

describe('the rate of a guard', () => {
  test('refuses with the time until the next token', async () => {
    const rate = { perSecond: 1, burst: 1, waitMs: 0 }
    const { guard } = guarded(guardSettings({}, { rate }))
    await guard.call(works)

    const refused = await guard.call(works).catch((error: unknown) => error)

    expect(refused).toMatchObject({
      code: 'SOMON_GUARD_RATE_LIMITED',
      data: { retryAfterMs: 1000 },
    })
  })
})

describe('a call with a token that gets no place', () => {
  const rate = { perSecond: 1, burst: 2, waitMs: 0 }
  const bulkhead = { mode: 'fixed', max: 1, queue: 1, queueTimeoutMs: 300 } as const

  test('gives the token back when it may not wait', async () => {
    const none = { ...bulkhead, queue: 0 }
    const { guard } = guarded(guardSettings({}, { rate, bulkhead: none }))
    const running = pending()
    const one = guard.call(running.task)

    const full = await guard.call(works).catch((error: unknown) => error)
    const fullNow = guard.enter()
    running.end('done')
    await one

    expect([full, fullNow]).toMatchObject([
      { code: 'SOMON_GUARD_FULL' },
      { code: 'SOMON_GUARD_FULL' },
    ])
    expect(await guard.call(works)).toBe('ok')
  })

  test('gives the token back when it has waited in vain', async () => {
    const { guard } = guarded(guardSettings({}, { rate, bulkhead, timeoutMs: 0 }))
    const running = pending()
    const one = guard.call(running.task)
    const gone = new AbortController()
    const aborted = guard.call(works, { signal: gone.signal }).catch((error: unknown) => error)

    gone.abort()
    await aborted
    const late = guard.call(works).catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(300)
    running.end('done')
    await one

    expect(await late).toMatchObject({ data: { reason: 'queue-timeout' } })
    expect(await guard.call(works)).toBe('ok')
  })

  test('gives it back when the circuit opens after it got a place', async () => {
    const settings = guardSettings(
      { consecutive: 1 },
      { bulkhead: { ...bulkhead, max: 2 }, rate: { ...rate, burst: 3 } },
    )
    const { guard } = guarded(settings)
    const [running, failing] = [pending(), pending()]
    const calls = [guard.call(running.task), guard.call(failing.task)]
    const third = guard.call(works).catch((error: unknown) => error)

    running.end('done')
    failing.fail(new Error('refused'))
    await Promise.allSettled(calls)
    const refused = await third
    guard.close()

    expect(refused).toMatchObject({ code: 'SOMON_GUARD_OPEN' })
    expect(await guard.call(works)).toBe('ok')
  })
})

describe('the retries of a guard', () => {
  const retry = { max: 2, budget: 1, minPerSecond: 10 }

  test('try an idempotent call again, each attempt being a sample', async () => {
    const { guard } = guarded(guardSettings({ consecutive: 5 }, { retry }))
    const task = vi.fn(fails)
    task.mockImplementationOnce(fails).mockImplementationOnce(fails)
    task.mockImplementationOnce(works as never)

    const result = guard.call(task, { idempotent: true })
    await vi.advanceTimersByTimeAsync(5000)

    expect(await result).toBe('ok')
    expect(task).toHaveBeenCalledTimes(3)
    expect(guard.snapshot().window).toMatchObject({ failure: 2, ok: 1 })
  })

  test('leave a call alone that is not idempotent', async () => {
    const { guard } = guarded(guardSettings({}, { retry }))
    const task = vi.fn(fails)

    await guard.call(task).catch(() => {})

    expect(task).toHaveBeenCalledTimes(1)
  })

  test('leave alone what says nothing about the dependency', async () => {
    const { guard } = guarded(guardSettings({}, { retry, ignore: ['EOWN'] }))
    const task = vi.fn(() => Promise.reject(Object.assign(new Error('own'), { code: 'EOWN' })))

    const result = guard.call(task, { idempotent: true }).catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(5000)

    expect(await result).toMatchObject({ code: 'EOWN' })
    expect(task).toHaveBeenCalledTimes(1)
  })

  test('ask the predicate once for each error', async () => {
    const isFailure = vi.fn(() => true)
    const { guard } = guarded(guardSettings({}, { retry }), { isFailure })

    const result = guard.call(fails, { idempotent: true }).catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(5000)
    await result

    expect(isFailure).toHaveBeenCalledTimes(3)
  })

  test('end as soon as the circuit opens', async () => {
    const { guard } = guarded(guardSettings({ consecutive: 1 }, { retry }))
    const task = vi.fn(fails)
    const result = guard.call(task, { idempotent: true }).catch((error: unknown) => error)

    await vi.advanceTimersByTimeAsync(5000)

    expect(await result).toMatchObject({ code: 'SOMON_GUARD_OPEN' })
    expect(task).toHaveBeenCalledTimes(1)
  })
})

describe('callers with one flightKey', () => {
  test('share one task', async () => {
    const { guard } = guarded()
    const { task, end, started } = pending()

    const results = [1, 2, 3].map(() => guard.call(task, { flightKey: 'balance' }))
    end('shared')

    expect(await Promise.all(results)).toEqual(['shared', 'shared', 'shared'])
    expect(started).toHaveLength(1)
  })
})

describe('the functions of a guard', () => {
  test('fallback answers every error and is no success', async () => {
    const { guard } = guarded(guardSettings({ consecutive: 1 }), { fallback: () => 'stale' })

    const values = [await guard.call(fails), await guard.call(works)]

    expect(values).toEqual(['stale', 'stale'])
    expect(guard.snapshot()).toMatchObject({ state: 'open', window: { failure: 1, ok: 0 } })
  })

  test('isFailure keeps errors of a healthy dependency out of the count', async () => {
    const { guard } = guarded(guardSettings({ consecutive: 1 }), { isFailure: () => false })

    await failTimes(guard, 3)

    expect(guard.snapshot().state).toBe('closed')
  })

  test('isFailure that throws is told, and the error counts as a failure', async () => {
    const fault = new Error('predicate')
    const isFailure = (): boolean => {
      throw fault
    }
    const { guard, faults } = guarded(guardSettings({ consecutive: 1 }), { isFailure })

    await failTimes(guard, 1)

    expect(faults).toMatchObject([{ where: 'isFailure', error: fault }])
    expect(guard.snapshot().state).toBe('open')
  })
})

describe('DependencyGuard.send()', () => {
  test('hands on the error of the dependency in spite of a fallback', async () => {
    const { guard } = guarded(guardSettings({ consecutive: 1 }), { fallback: () => 'stale' })

    const failed = await guard.send(fails).catch((error: unknown) => error)
    const refused = await guard.send(works).catch((error: unknown) => error)

    expect(failed).toMatchObject({ message: 'refused' })
    expect(refused).toMatchObject({ code: 'SOMON_GUARD_OPEN' })
  })

  test('runs a task for each caller of one flightKey', async () => {
    const { guard } = guarded()
    const task = vi.fn(works)

    await Promise.all([1, 2].map(() => guard.send(task, { flightKey: 'balance' })))

    expect(task).toHaveBeenCalledTimes(2)
  })

  test('passes inside a task of the same guard', async () => {
    const { guard, calls } = guarded()

    await guard.call(() => guard.send(works))

    expect(calls).toHaveLength(1)
  })
})

describe('a call inside a task of the same guard', () => {
  test('passes through, so that a probe does not refuse itself', async () => {
    const settings = guardSettings({
      consecutive: 1,
      open: { baseMs: 100, factor: 1, jitter: 0 },
      halfOpen: { probes: 1, successes: 1, maxMs: 1000 },
    })
    const { guard } = guarded(settings)
    await failTimes(guard, 1)
    await vi.advanceTimersByTimeAsync(100)

    const value = await guard.call(() => guard.call(works))

    expect(value).toBe('ok')
    expect(guard.snapshot().state).toBe('closed')
  })
})

describe('DependencyGuard', () => {
  test('isolate() refuses all, disable() admits all, enable() ends both', async () => {
    const { guard } = guarded(guardSettings({ consecutive: 1 }))

    guard.isolate()
    const isolated = await guard.call(works).catch((error: unknown) => error)
    guard.disable()
    await failTimes(guard, 3)
    const disabled = guard.snapshot().state
    guard.enable()

    expect(isolated).toMatchObject({ code: 'SOMON_GUARD_ISOLATED', data: { state: 'isolated' } })
    expect(disabled).toBe('disabled')
    expect(await guard.call(works)).toBe('ok')
  })

  test('configure() acts at once and keeps what was counted', async () => {
    const { guard } = guarded(guardSettings({ consecutive: 5 }))
    await failTimes(guard, 3)

    guard.configure(guardSettings({ consecutive: 3 }))

    expect(guard.snapshot()).toMatchObject({ state: 'open', window: { failure: 3 } })
  })

  test('dispose() refuses who waits and who comes, and leaves no timer', async () => {
    const bulkhead = { mode: 'fixed', max: 1, queue: 1, queueTimeoutMs: 300 } as const
    const rate = { perSecond: 2, burst: 2, waitMs: 1000 }
    const { guard } = guarded(guardSettings({ consecutive: 9 }, { bulkhead, rate, timeoutMs: 0 }))
    const running = pending()
    const one = guard.call(running.task)
    const two = guard.call(works).catch((error: unknown) => error)
    const three = guard.call(works).catch((error: unknown) => error)

    guard.dispose()
    const refused = await Promise.all([two, three])
    running.end('done')

    expect(refused).toMatchObject([
      { code: 'SOMON_GUARD_DISPOSED' },
      { code: 'SOMON_GUARD_DISPOSED' },
    ])
    expect(await one).toBe('done')
    await expect(guard.call(works)).rejects.toMatchObject({ code: 'SOMON_GUARD_DISPOSED' })
    expect(vi.getTimerCount()).toBe(0)
  })
})
