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

  test.each([
    ['the deadline is over', undefined, 0, over],
    ['the caller has gone', AbortSignal.abort('gone'), 100, 'gone'],
  ])('starts nothing when %s', async (_what, signal, deadlineMs, reason) => {
    const { clock, seen, result } = scene(signal, deadlineMs)

    await expect(result).rejects.toBe(reason)
    expect(seen).toEqual([])
    expect(clock.pending).toBe(0)
  })
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

  test('is over before anything is asked when nothing is left of it', async () => {
    const { guard } = guarded(guardSettings({ consecutive: 1 }))

    const result = guard.call(fails, { deadlineMs: 0 }).catch((error: unknown) => error)

    expect(await result).toMatchObject({ data: { reason: 'deadline' } })
    expect(guard.snapshot().window).toMatchObject({ timeout: 0, failure: 0 })
  })
})
