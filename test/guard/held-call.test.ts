import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { DependencyGuard } from '../../src/guard/dependency-guard.ts'
import type { EnterOptions, HeldCall } from '../../src/guard/held-call.ts'
import { fails, failTimes, guarded, pending, works } from './support/guarded.ts'
import { guardSettings } from './support/settings.ts'

/** Enters and expects to be admitted. */
function held(guard: DependencyGuard, options?: EnterOptions): HeldCall {
  const call = guard.enter(options)
  if (call === undefined || call instanceof Error) throw call ?? new Error('it passed untouched')
  return call
}

const refused = new Error('refused')
const onePlace = { mode: 'fixed', max: 1, queue: 4, queueTimeoutMs: 500 } as const
const probing = {
  consecutive: 1,
  open: { baseMs: 100, factor: 1, jitter: 0 },
  halfOpen: { probes: 1, successes: 2, maxMs: 1000 },
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('DependencyGuard.enter()', () => {
  test('admits a call that counts, is told and holds a place as one of call() does', async () => {
    const { guard, calls } = guarded(guardSettings({}, { bulkhead: onePlace }))

    await vi.advanceTimersByTimeAsync(5)
    const call = held(guard)
    const during = guard.snapshot().inflight
    await vi.advanceTimersByTimeAsync(30)
    call.ok()
    await guard.call(works)

    expect(during).toBe(1)
    expect(guard.snapshot()).toMatchObject({ inflight: 0, window: { ok: 2 } })
    const one = { owner: 'orders', dependency: 'payments', outcome: 'ok', slow: false }
    expect(calls).toMatchObject([
      { ...one, stale: false, durationMs: 30, queuedMs: 0 },
      { ...one, stale: false, durationMs: 0, queuedMs: 0 },
    ])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('counts the first end alone', () => {
    const isFailure = vi.fn(() => true)
    const two = { ...onePlace, max: 2 }
    const { guard, calls } = guarded(guardSettings({}, { bulkhead: two }), { isFailure })
    const [one, other] = [held(guard), held(guard)]

    one.fail(refused)
    one.ok()
    one.fail(refused)
    one.ignore()

    expect(isFailure).toHaveBeenCalledTimes(1)
    expect(calls.map(({ outcome }) => outcome)).toEqual(['failure'])
    expect(guard.snapshot()).toMatchObject({ inflight: 1, window: { failure: 1, ok: 0 } })
    other.ok()
  })

  test('returns the error of an open circuit, counted and told', async () => {
    const { guard, calls } = guarded(guardSettings({ consecutive: 2 }))
    held(guard).fail(refused)
    held(guard).fail(refused)

    const [first, second] = [guard.enter(), guard.enter()]

    expect(first).toMatchObject({
      code: 'SOMON_GUARD_OPEN',
      data: { reason: 'consecutive', retryAfterMs: 5000 },
      cause: { message: 'refused' },
    })
    expect((first as Error).stack).toContain('\n    at ')
    expect((second as Error).stack).not.toContain('\n    at ')
    expect(calls.map(({ outcome }) => outcome)).toEqual(['failure', 'failure', 'open', 'open'])
    expect(guard.snapshot().window.refused).toBe(2)
  })

  test('returns the errors of isolation and of a guard that has ended', () => {
    const { guard, calls } = guarded()
    guard.isolate()

    const isolated = guard.enter()
    guard.enable()
    guard.dispose()

    expect(isolated).toMatchObject({ code: 'SOMON_GUARD_ISOLATED' })
    expect(guard.enter()).toMatchObject({ code: 'SOMON_GUARD_DISPOSED' })
    expect(calls.map(({ outcome }) => outcome)).toEqual(['isolated'])
  })

  test('never waits for a place, and blames nobody for it', async () => {
    const { guard, calls } = guarded(guardSettings({ consecutive: 1 }, { bulkhead: onePlace }))
    const call = held(guard)

    const full = guard.enter()
    call.ok()

    expect(full).toMatchObject({ code: 'SOMON_GUARD_FULL', data: { reason: 'queue-full' } })
    expect(guard.snapshot()).toMatchObject({
      ...{ state: 'closed', inflight: 0, queued: 0 },
      window: { refused: 1, failure: 0 },
    })
    expect(calls.map(({ outcome }) => outcome)).toEqual(['full', 'ok'])
  })

  test('needs no place where the bulkhead is off', () => {
    const bulkhead = { ...onePlace, mode: 'off' } as const
    const { guard } = guarded(guardSettings({}, { bulkhead }))

    const calls = [held(guard), held(guard)]
    for (const call of calls) call.ok()

    expect(guard.snapshot().window.ok).toBe(2)
  })

  test('never waits for a token, and takes none from who waits for one', async () => {
    const rate = { perSecond: 1, burst: 1, waitMs: 10_000 }
    const { guard, calls } = guarded(guardSettings({}, { rate }))
    held(guard).ok()
    const waiting = guard.call(works)

    const limited = guard.enter()
    await vi.advanceTimersByTimeAsync(1000)

    expect(limited).toMatchObject({
      code: 'SOMON_GUARD_RATE_LIMITED',
      data: { retryAfterMs: 2000 },
    })
    expect(await waiting).toBe('ok')
    expect(calls.map(({ outcome }) => outcome)).toEqual(['ok', 'limited', 'ok'])
  })

  test('returns nothing inside a task of the same guard, and counts nothing', async () => {
    const { guard, calls } = guarded(guardSettings({}, { bulkhead: onePlace }))

    const inside = await guard.call(async () => guard.enter())

    expect(inside).toBeUndefined()
    expect(calls).toHaveLength(1)
  })

  test('samples the adaptive limit with the duration', async () => {
    const bulkhead = { mode: 'gradient2', max: 64, queue: 0, queueTimeoutMs: 0 } as const
    const { guard, limits } = guarded(guardSettings({}, { bulkhead, timeoutMs: 0 }))
    const batch = async (ms: number): Promise<void> => {
      const calls = Array.from({ length: 4 }, () => held(guard))
      await vi.advanceTimersByTimeAsync(ms)
      for (const call of calls) call.ok()
    }

    for (let at = 0; at < 20; at += 1) await batch(10)
    for (let at = 0; at < 20; at += 1) await batch(1000)

    expect(limits.at(-1)).toBeLessThan(20)
  })
})

describe('the probe of a held call', () => {
  test('closes the circuit, in the turn that ends it', async () => {
    const { guard } = guarded(guardSettings(probing))
    held(guard).fail(refused)
    await vi.advanceTimersByTimeAsync(100)

    held(guard).ok()
    const between = guard.snapshot().state
    held(guard).ok()

    expect(between).toBe('half-open')
    expect(guard.snapshot().state).toBe('closed')
  })

  test('gives its place back when its caller goes away', async () => {
    const { guard } = guarded(guardSettings(probing))
    await failTimes(guard, 1)
    await vi.advanceTimersByTimeAsync(100)

    const probe = held(guard)
    const other = guard.enter()
    probe.ignore()

    expect(other).toMatchObject({ code: 'SOMON_GUARD_OPEN', data: { state: 'half-open' } })
    held(guard).ok()
    expect(guard.snapshot()).toMatchObject({ state: 'half-open', window: { ignored: 1, ok: 1 } })
    guard.dispose()
  })

  test('gives its place back when there is no slot for it', async () => {
    const { guard } = guarded(guardSettings(probing, { bulkhead: onePlace, timeoutMs: 0 }))
    const running = pending()
    const one = guard.call(running.task)
    guard.open()
    await vi.advanceTimersByTimeAsync(100)

    const full = guard.enter()
    running.end('late')
    await one

    expect(full).toMatchObject({ code: 'SOMON_GUARD_FULL' })
    expect(guard.enter()).not.toBeInstanceOf(Error)
    guard.dispose()
  })
})

describe('HeldCall.fail()', () => {
  test('is judged by the predicate, the list of codes and the signal of the caller', () => {
    const settings = guardSettings({ consecutive: 9 }, { ignore: ['EOWN'] })
    const { guard, calls } = guarded(settings, {
      isFailure: (error) => (error as { status?: number }).status !== 409,
    })
    const aborted = AbortSignal.abort()

    held(guard).fail(Object.assign(new Error('conflict'), { status: 409 }))
    held(guard).fail(Object.assign(new Error('own'), { code: 'EOWN' }))
    held(guard, { signal: aborted }).fail(refused)
    held(guard, { signal: AbortSignal.abort(new DOMException('', 'TimeoutError')) }).fail(refused)
    held(guard).fail(Object.assign(new Error('busy'), { status: 503, retryAfterMs: 10 }))

    const outcomes = calls.map(({ outcome }) => outcome)
    expect(outcomes).toEqual(['ok', 'ignored', 'ignored', 'timeout', 'overload'])
  })

  test('is stale when the circuit has changed its state meanwhile', () => {
    const { guard, calls } = guarded(guardSettings({ consecutive: 1 }))
    const late = held(guard)

    guard.reset()
    late.fail(refused)

    expect(guard.snapshot()).toMatchObject({ state: 'closed', window: { failure: 0 } })
    expect(calls).toMatchObject([{ outcome: 'failure', stale: true }])
  })
})

describe('HeldCall.ignore()', () => {
  test('says nothing, or that it was a timeout when the caller waited as long as a slow call', async () => {
    const { guard, calls } = guarded(guardSettings({ slowCallMs: 50 }))
    const [early, late] = [held(guard), held(guard)]

    early.ignore()
    await vi.advanceTimersByTimeAsync(50)
    late.ignore()

    expect(calls).toMatchObject([{ outcome: 'ignored' }, { outcome: 'timeout', slow: true }])
    expect(guard.snapshot().lastFailure).toMatchObject({
      name: 'AbortError',
      message: 'the caller went away',
    })
  })
})

describe('the timeout of a held call', () => {
  const settings = guardSettings(
    { consecutive: 1 },
    { timeoutMs: 200, abandonMs: 500, bulkhead: onePlace },
  )

  test('aborts its signal with the coded error, once it is counted', async () => {
    const { guard, calls } = guarded(settings)
    const call = held(guard)
    let seen: unknown
    call.signal.addEventListener('abort', () => {
      seen = guard.snapshot().state
    })

    await vi.advanceTimersByTimeAsync(199)
    const before = call.signal.aborted
    await vi.advanceTimersByTimeAsync(1)

    expect(before).toBe(false)
    expect(call.signal.reason).toMatchObject({
      code: 'SOMON_GUARD_TIMEOUT',
      data: { timeoutMs: 200 },
    })
    expect(seen).toBe('open')
    expect(calls).toMatchObject([{ outcome: 'timeout', durationMs: 200 }])
    guard.dispose()
  })

  test.each<[string, (call: HeldCall) => void]>([
    ['ok()', (call) => call.ok()],
    ['fail()', (call) => call.fail(refused)],
    ['ignore()', (call) => call.ignore()],
  ])('leaves the slot to %s, which counts no more', async (_end, end) => {
    const { guard, calls, abandoned } = guarded(settings)
    const call = held(guard)

    await vi.advanceTimersByTimeAsync(200)
    const heldOn = guard.snapshot().inflight
    end(call)
    const freed = guard.snapshot().inflight
    await vi.advanceTimersByTimeAsync(500)

    expect([heldOn, freed]).toEqual([1, 0])
    expect(calls.map(({ outcome }) => outcome)).toEqual(['timeout'])
    expect(abandoned).toEqual([])
    guard.dispose()
  })

  test('frees the slot after abandonMs where nobody ends the call, and tells it', async () => {
    const { guard, abandoned } = guarded(settings)
    const call = held(guard)
    await vi.advanceTimersByTimeAsync(699)
    const before = guard.snapshot().inflight

    await vi.advanceTimersByTimeAsync(1)
    call.ok()

    expect(before).toBe(1)
    expect(guard.snapshot().inflight).toBe(0)
    expect(abandoned).toEqual([{ owner: 'orders', dependency: 'payments' }])
    guard.dispose()
  })

  test('is that of the call where it has one, and none when it is 0', async () => {
    const { guard } = guarded(guardSettings({}, { timeoutMs: 100 }))
    const [short, none] = [held(guard, { timeoutMs: 50 }), held(guard, { timeoutMs: 0 })]

    await vi.advanceTimersByTimeAsync(50)
    const aborted = short.signal.aborted
    await vi.advanceTimersByTimeAsync(5000)

    expect(aborted).toBe(true)
    expect(none.signal.aborted).toBe(false)
  })
})

describe('DependencyGuard.recordFailure()', () => {
  test('counts as a failure of its own, and opens', async () => {
    const { guard, calls } = guarded(guardSettings({ consecutive: 2 }))
    await guard.call(works)

    guard.recordFailure(refused, guard.breaker.generation)
    guard.recordFailure(refused, guard.breaker.generation)

    expect(guard.snapshot()).toMatchObject({
      state: 'open',
      reason: 'consecutive',
      lastFailure: { message: 'refused' },
      window: { ok: 1, failure: 2 },
    })
    expect(calls.slice(1)).toMatchObject([
      { outcome: 'failure', stale: false },
      { outcome: 'failure', stale: false },
    ])
    guard.dispose()
  })

  test('is stale when the circuit has changed its state since', () => {
    const { guard, calls } = guarded(guardSettings({ consecutive: 1 }))
    const { generation } = guard.breaker
    guard.reset()

    guard.recordFailure(refused, generation)

    expect(guard.snapshot()).toMatchObject({ state: 'closed', window: { failure: 0 } })
    expect(calls).toMatchObject([{ outcome: 'failure', stale: true }])
  })

  test('leaves alone what is no failure', () => {
    const { guard, calls } = guarded(guardSettings({}, { ignore: ['EOWN'] }))

    guard.recordFailure(Object.assign(new Error('own'), { code: 'EOWN' }), 0)

    expect(calls).toEqual([])
    expect(guard.snapshot().window).toMatchObject({ ignored: 0, failure: 0 })
  })

  test('fails the round of a probe that had succeeded', async () => {
    const { guard } = guarded(guardSettings(probing))
    await guard.call(fails).catch(() => {})
    await vi.advanceTimersByTimeAsync(100)
    held(guard).ok()

    guard.recordFailure(refused, guard.breaker.generation)

    expect(guard.snapshot()).toMatchObject({ state: 'open', reason: 'probe-failed' })
    guard.dispose()
  })

  test('fails no round while the guard is disabled', async () => {
    const { guard } = guarded(guardSettings(probing))
    await failTimes(guard, 1)
    await vi.advanceTimersByTimeAsync(100)
    guard.disable()

    guard.recordFailure(refused, guard.breaker.generation)

    expect(guard.breaker.state).toBe('half-open')
    guard.dispose()
  })
})
