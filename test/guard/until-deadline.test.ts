import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { untilDeadline } from '../../src/guard/until-deadline.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { fails, guarded, pending, works } from './support/guarded.ts'
import { guardSettings } from './support/settings.ts'

const over = new Error('over')

function scene(signal?: AbortSignal, deadlineMs = 100) {
  const clock = new FakeClock()
  const seen: AbortSignal[] = []
  const work = Promise.withResolvers<string>()
  const result = untilDeadline(
    (own) => {
      seen.push(own)
      own.addEventListener('abort', () => work.reject(own.reason))
      return work.promise
    },
    { deadlineMs, clock, signal, makeError: () => over },
  )
  return { clock, seen, work, result }
}

describe('untilDeadline()', () => {
  test('aborts the effort at the deadline', async () => {
    const { clock, result } = scene()
    const failed = result.catch((error: unknown) => error)
    await clock.advance(99)
    const waiting = clock.pending

    await clock.advance(1)

    expect(waiting).toBe(1)
    expect(await failed).toBe(over)
  })

  test('aborts the effort with the reason of the caller', async () => {
    const caller = new AbortController()
    const { clock, result } = scene(caller.signal)

    caller.abort('gone')

    await expect(result).rejects.toBe('gone')
    expect(clock.pending).toBe(0)
  })

  test('leaves nothing behind', async () => {
    const caller = new AbortController()
    const { clock, work, result } = scene(caller.signal)

    work.resolve('done')

    expect(await result).toBe('done')
    expect(clock.pending).toBe(0)
    expect(getEventListeners(caller.signal, 'abort')).toEqual([])
  })

  test.each([['the deadline is over', undefined, 0, over]])(
    'starts nothing when %s',
    async (_what, signal, deadlineMs, reason) => {
      const { clock, seen, result } = scene(signal, deadlineMs)

      await expect(result).rejects.toBe(reason)
      expect(seen).toEqual([])
      expect(clock.pending).toBe(0)
    },
  )
})

describe('the deadline of a guarded call', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('ends an attempt, which counts as a timeout before the caller learns of it', async () => {
    const { guard } = guarded(guardSettings({ consecutive: 1 }))
    const { task, started } = pending()
    let seen: string | undefined
    const result = guard.call(task, { deadlineMs: 50 }).catch((error: unknown) => {
      seen = guard.snapshot().state
      return error
    })

    await vi.advanceTimersByTimeAsync(50)

    expect(await result).toMatchObject({
      code: 'SOMON_GUARD_TIMEOUT',
      fix: 'Raise deadlineMs of the call, or make it answer sooner',
      data: { timeoutMs: 50, reason: 'deadline' },
    })
    expect(started[0]?.aborted).toBe(true)
    expect(seen).toBe('open')
    guard.dispose()
  })

  test('ends the waiting in the queue, which blames nobody', async () => {
    const bulkhead = { mode: 'fixed', max: 1, queue: 1, queueTimeoutMs: 500 } as const
    const { guard, calls } = guarded(guardSettings({ consecutive: 1 }, { bulkhead, timeoutMs: 0 }))
    const running = pending()
    const one = guard.call(running.task)
    const two = guard.call(works, { deadlineMs: 50 }).catch((error: unknown) => error)

    await vi.advanceTimersByTimeAsync(50)
    running.end('done')
    await one

    expect(await two).toMatchObject({ data: { reason: 'deadline' } })
    expect(calls.map(({ outcome }) => outcome)).toEqual(['ignored', 'ok'])
    expect(guard.snapshot().window).toMatchObject({ ignored: 1, refused: 0, timeout: 0 })
  })

  const retry = { max: 1, budget: 1, minPerSecond: 10 }
  const busy = Object.assign(new Error('busy'), { status: 503, retryAfterMs: 3000 })

  test.each([
    [3000, 1],
    [3001, 2],
  ])('of %s ms leaves room for %s attempts 3 s apart', async (deadlineMs, attempts) => {
    const { guard } = guarded(guardSettings({}, { retry }))
    const task = vi.fn(() => Promise.reject(busy))
    const result = guard.call(task, { deadlineMs, idempotent: true })
    const failed = result.catch((error: unknown) => error)

    await vi.advanceTimersByTimeAsync(0)
    const atOnce = await Promise.race([failed, Promise.resolve('waits')])
    await vi.advanceTimersByTimeAsync(3000)

    expect(atOnce).toBe(attempts === 1 ? busy : 'waits')
    expect(task).toHaveBeenCalledTimes(attempts)
    expect(await failed).toBe(busy)
  })

  test('is that of one caller, not of those who share its flight', async () => {
    const { guard } = guarded()
    const { task, end } = pending()
    const short = guard.call(task, { flightKey: 'balance', deadlineMs: 50 })
    const failed = short.catch((error: unknown) => error)
    const long = guard.call(task, { flightKey: 'balance' })

    await vi.advanceTimersByTimeAsync(50)
    end('shared')

    expect(await failed).toMatchObject({ code: 'SOMON_GUARD_TIMEOUT' })
    expect(await long).toBe('shared')
    expect(guard.snapshot().window).toMatchObject({ ok: 1, timeout: 0 })
  })

  // Symptom: both callers of one key ended with the timeout of the one who came first. Cause: it
  // was the timeout of the attempt that they share.
  test.each([{ timeoutMs: 150 }, {}, { timeoutMs: 0 }])(
    'or a timeout of the first caller leaves one with %j alone',
    async (other) => {
      const { guard } = guarded(guardSettings({}, { timeoutMs: 5000 }))
      const { task, end, started } = pending()
      const first = guard.call(task, { flightKey: 'balance', timeoutMs: 10 })
      const failed = first.catch((error: unknown) => error)
      const second = guard.call(task, { flightKey: 'balance', ...other })

      await vi.advanceTimersByTimeAsync(100)
      end('shared')

      expect(await failed).toMatchObject({ code: 'SOMON_GUARD_TIMEOUT', data: { timeoutMs: 10 } })
      expect(await second).toBe('shared')
      expect(started).toHaveLength(1)
      expect(guard.snapshot().window).toMatchObject({ ok: 1, timeout: 0 })
    },
  )

  test('and the timeouts of all who share a flight end it with the last of them', async () => {
    const { guard } = guarded(guardSettings({}, { timeoutMs: 5000 }))
    const { task, started } = pending()
    const calls = [10, 30].map((timeoutMs) =>
      guard.call(task, { flightKey: 'balance', timeoutMs }).catch((error: unknown) => error),
    )

    await vi.advanceTimersByTimeAsync(29)
    const before = started[0]?.aborted
    await vi.advanceTimersByTimeAsync(1)
    const results = await Promise.all(calls)

    expect([before, started[0]?.aborted]).toEqual([false, true])
    expect(results).toMatchObject([{ data: { timeoutMs: 10 } }, { data: { timeoutMs: 30 } }])
    expect(guard.snapshot().window).toMatchObject({ timeout: 1 })
  })

  test('lets the caller who begins a flight give it more time than the guard does', async () => {
    const { guard } = guarded(guardSettings({}, { timeoutMs: 50 }))
    const { task, end } = pending()
    const result = guard.call(task, { flightKey: 'balance', timeoutMs: 500 })

    await vi.advanceTimersByTimeAsync(400)
    end('late')

    expect(await result).toBe('late')
  })

  test.each([{ deadlineMs: 100 }, { flightKey: 'a' }, { flightKey: 'a', timeoutMs: 9 }, {}])(
    'or not, a caller who had gone before is counted as such: %j',
    async (options) => {
      const { guard, calls } = guarded()
      const call = { ...options, signal: AbortSignal.abort('gone') }

      await expect(guard.call(works, call)).rejects.toBe('gone')

      expect(calls.map(({ outcome }) => outcome)).toEqual(['ignored'])
    },
  )

  test.each([
    ['before it', fails, 'SOMON_GUARD_TIMEOUT'],
    ['by it', () => pending().task(new AbortController().signal), 'SOMON_GUARD_TIMEOUT'],
  ])('bounds a fallback that never settles after a call that failed %s', async (_, task, code) => {
    const { guard, faults } = guarded(undefined, { fallback: () => new Promise(() => {}) })
    let seen: unknown
    void guard.call<unknown>(task, { deadlineMs: 50 }).catch((error: unknown) => {
      seen = error
    })

    await vi.advanceTimersByTimeAsync(49)
    const before = seen
    await vi.advanceTimersByTimeAsync(3)

    expect(before).toBeUndefined()
    expect(seen).toMatchObject({ code, data: { reason: 'deadline' } })
    expect(faults).toHaveLength(task === fails ? 1 : 0)
  })

  test('lets a fallback answer that needs no time, when the deadline was what failed', async () => {
    const { guard } = guarded(undefined, { fallback: async () => 'known' })
    const result = guard.call(pending().task, { deadlineMs: 50 })

    await vi.advanceTimersByTimeAsync(60)

    expect(await result).toBe('known')
    expect(vi.getTimerCount()).toBe(1)
  })

  test('is over before anything is asked when nothing is left of it', async () => {
    const { guard } = guarded(guardSettings({ consecutive: 1 }))

    const result = guard.call(fails, { deadlineMs: 0 }).catch((error: unknown) => error)

    expect(await result).toMatchObject({ data: { reason: 'deadline' } })
    expect(guard.snapshot().window).toMatchObject({ timeout: 0, failure: 0 })
  })
})
