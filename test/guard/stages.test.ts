import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { guarded, pending, works } from './support/guarded.ts'
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

    const learned = guard.snapshot().limit
    guard.configure(guardSettings({}, { bulkhead, timeoutMs: 1 }))

    expect(limits.at(-1)).toBeLessThan(20)
    expect(learned).toBe(limits.at(-1))
    expect(limits.filter((limit, at) => limit === limits[at - 1])).toEqual([])
    expect(guard.snapshot().limit).toBe(learned)
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
