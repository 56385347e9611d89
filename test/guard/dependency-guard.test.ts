import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { fails, failTimes, guarded, pending, works } from './support/guarded.ts'
import { guardSettings } from './support/settings.ts'

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

  test('fallback that throws is told with its error, which the caller gets', async () => {
    const own = new TypeError('no value')
    const { guard, faults } = guarded(guardSettings(), {
      fallback: () => Promise.reject(own),
    })

    const result = guard.call(fails)

    await expect(result).rejects.toBe(own)
    expect(faults).toEqual([
      { owner: 'orders', dependency: 'payments', where: 'fallback', error: own },
    ])
  })

  test('fallback that throws the error on is no fault', async () => {
    const { guard, faults } = guarded(guardSettings(), {
      fallback: (error) => {
        throw error
      },
    })

    const result = guard.call(fails)

    await expect(result).rejects.toThrow('refused')
    expect(faults).toEqual([])
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

  test('does not let calls inside its task pass: they may come from what the task left', async () => {
    const { guard, calls } = guarded()

    await guard.send(() => guard.call(works))

    expect(calls).toHaveLength(2)
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

  test('configure() lets nobody wait for an isolated dependency', async () => {
    const bulkhead = { mode: 'fixed', max: 1, queue: 1, queueTimeoutMs: 300 } as const
    const { guard } = guarded(guardSettings({}, { bulkhead }))
    const running = pending()
    const one = guard.call(running.task)
    const two = guard.call(works).catch((error: unknown) => error)

    guard.configure(guardSettings({}, { bulkhead, mode: 'isolated' }))
    const refused = await two
    running.end('done')

    expect(refused).toMatchObject({ code: 'SOMON_GUARD_ISOLATED' })
    expect(await one).toBe('done')
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
