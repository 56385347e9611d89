import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Clock } from '../../src/base/clock.ts'
import { RateLimit } from '../../src/guard/rate.ts'
import { FakeClock } from '../support/fake-clock.ts'

class Limited extends Error {
  readonly retryAfterMs: number

  constructor(retryAfterMs: number) {
    super(`again in ${retryAfterMs} ms`)
    this.retryAfterMs = retryAfterMs
  }
}

function scene({ perSecond = 10, burst = 2, waitMs = 0 } = {}) {
  const clock = new FakeClock()
  const rate = new RateLimit({ perSecond, burst, waitMs }, clock, (ms) => new Limited(ms))
  return { clock, rate }
}

/** Starts calls until one has to wait or is refused; returns how many started. */
function startAll(rate: RateLimit): number {
  for (let count = 0; ; count += 1) {
    try {
      if (rate.acquire() !== undefined) return count
    } catch {
      return count
    }
  }
}

function waitFor(rate: RateLimit, log: unknown[], name: unknown, signal?: AbortSignal): void {
  Promise.resolve(rate.acquire(signal)).then(
    () => log.push(name),
    (error: unknown) => log.push(error instanceof Limited ? error.message : error),
  )
}

describe('RateLimit.acquire()', () => {
  test('admits a burst at once, then throws with the time until the next token', async () => {
    const { clock, rate } = scene()
    const burst = startAll(rate)
    await clock.advance(40)

    const act = (): unknown => rate.acquire()

    expect(burst).toBe(2)
    expect(act).toThrow(new Limited(60))
    expect(clock.pending).toBe(0)
  })

  test.each([
    [10, 0, 10],
    [0.5, 0, 1],
    [10, 3, 3],
  ])('admits per second %s with burst %s: %s at once', (perSecond, burst, expected) => {
    const { rate } = scene({ perSecond, burst })

    expect(startAll(rate)).toBe(expected)
  })

  test('gives back one token per interval, and no more than the burst', async () => {
    const { clock, rate } = scene()
    startAll(rate)

    await clock.advance(99)
    const early = startAll(rate)
    await clock.advance(1)
    const one = startAll(rate)
    await clock.advance(10_000)
    const full = startAll(rate)

    expect([early, one, full]).toEqual([0, 1, 2])
  })

  test('lets calls wait in order, each for its token, with one timer for all', async () => {
    const { clock, rate } = scene({ waitMs: 1000 })
    const log: unknown[] = []
    startAllButWaiters(rate, 2)
    for (const name of [1, 2, 3]) waitFor(rate, log, name)
    const timers = clock.pending

    await clock.advance(100)
    const first = [...log]
    await clock.advance(200)

    expect(timers).toBe(1)
    expect(first).toEqual([1])
    expect(log).toEqual([1, 2, 3])
    expect([rate.queued, clock.pending]).toEqual([0, 0])
  })

  test('refuses at once whoever would have to wait too long behind the others', () => {
    const { rate } = scene({ waitMs: 200 })
    startAllButWaiters(rate, 2)
    waitFor(rate, [], 1)
    waitFor(rate, [], 2)

    const act = (): unknown => rate.acquire()

    expect(act).toThrow(new Limited(300))
    expect(rate.queued).toBe(2)
  })

  test('gives the token of a waiter that aborts to the next one', async () => {
    const { clock, rate } = scene({ waitMs: 1000 })
    const log: unknown[] = []
    const controller = new AbortController()
    startAllButWaiters(rate, 2)
    waitFor(rate, log, 1, controller.signal)
    waitFor(rate, log, 2)

    controller.abort('hung up')
    await clock.advance(100)

    expect(log).toEqual(['hung up', 2])
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  })

  test('keeps the process alive while a call waits for its token', async () => {
    const { clock, rate } = scene({ waitMs: 1000 })
    const kept = keptAlive(clock)
    startAllButWaiters(rate, 2)

    waitFor(rate, [], 1)

    expect(kept).toEqual([true])
  })

  test('lets nobody overtake while the timer of the next token is late', async () => {
    const { clock, rate } = scene({ waitMs: 1000 })
    const log: unknown[] = []
    startAllButWaiters(rate, 2)
    waitFor(rate, log, 1)
    // Time that passes while no timer can run.
    const elapsed = clock.elapsed() + 150
    Object.assign(clock, { elapsed: () => elapsed })

    waitFor(rate, log, 2)
    const queued = rate.queued
    await clock.advance(100)

    expect(queued).toBe(2)
    expect(log).toEqual([1])
  })

  test('does not queue a caller that has aborted before', async () => {
    const { clock, rate } = scene({ waitMs: 1000 })
    startAllButWaiters(rate, 2)

    await expect(rate.acquire(AbortSignal.abort('gone'))).rejects.toBe('gone')

    expect([rate.queued, clock.pending]).toEqual([0, 0])
  })

  test('stops its timer when the last waiter aborts', () => {
    const { clock, rate } = scene({ waitMs: 1000 })
    const controller = new AbortController()
    startAllButWaiters(rate, 2)
    waitFor(rate, [], 1, controller.signal)

    controller.abort('hung up')

    expect([rate.queued, clock.pending]).toEqual([0, 0])
  })

  test('never starts more than burst + rate × time in any span, and starts all it may', async () => {
    const scenario = fc.record({
      perSecond: fc.integer({ min: 1, max: 200 }),
      burst: fc.integer({ min: 1, max: 20 }),
      waitMs: fc.constantFrom(0, 50, 1000),
      gapsMs: fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 60 }),
    })
    await fc.assert(
      fc.asyncProperty(scenario, async ({ gapsMs, ...settings }) => {
        const { clock, rate } = scene(settings)
        const starts: number[] = []
        const refusals: number[] = []
        for (const gapMs of gapsMs) {
          if (gapMs > 0) await clock.advance(gapMs)
          try {
            const turn = rate.acquire()
            if (turn === undefined) starts.push(clock.elapsed())
            else void turn.then(() => starts.push(clock.elapsed()))
          } catch (error) {
            if (error instanceof Limited) refusals.push(error.retryAfterMs)
          }
        }
        await clock.advance(2000)

        expect(starts.length + refusals.length).toBe(gapsMs.length)
        // Refused only when the token would have come after the patience had ended.
        expect(refusals.filter((ms) => ms <= settings.waitMs)).toEqual([])
        expect(rate.queued).toBe(0)
        expect(clock.pending).toBe(0)
        for (const [from, start] of starts.entries()) {
          for (let to = from; to < starts.length; to += 1) {
            const spanMs = (starts[to] ?? 0) - start
            const allowed = settings.burst + (spanMs * settings.perSecond) / 1000
            expect(to - from + 1).toBeLessThanOrEqual(allowed + 1e-6)
          }
        }
      }),
    )
  })
})

describe('RateLimit.configure()', () => {
  test('serves waiters sooner when the rate rises', async () => {
    const { clock, rate } = scene({ waitMs: 1000 })
    const log: unknown[] = []
    startAllButWaiters(rate, 2)
    waitFor(rate, log, 1)

    rate.configure({ perSecond: 100, burst: 2, waitMs: 1000 })
    await clock.advance(10)

    expect(log).toEqual([1])
  })

  test('refuses waiters whose token now comes too late, and keeps the others', async () => {
    const { clock, rate } = scene({ waitMs: 300 })
    const log: unknown[] = []
    startAllButWaiters(rate, 2)
    for (const name of [1, 2, 3]) waitFor(rate, log, name)

    rate.configure({ perSecond: 5, burst: 2, waitMs: 300 })
    await clock.advance(0)
    const refused = [...log]
    await clock.advance(200)

    expect(refused).toEqual(['again in 400 ms', 'again in 400 ms'])
    expect(log.at(-1)).toBe(1)
  })

  test('gives no new burst: what was used up stays used up', async () => {
    const { clock, rate } = scene()
    startAll(rate)

    rate.configure({ perSecond: 10, burst: 5, waitMs: 0 })
    const more = startAll(rate)
    rate.configure({ perSecond: 10, burst: 1, waitMs: 0 })
    await clock.advance(100)

    expect(more).toBe(3)
    expect(startAll(rate)).toBe(1)
  })

  test('lets everyone start when the rate is switched off, and counts again afterwards', async () => {
    const { clock, rate } = scene({ waitMs: 1000 })
    const log: unknown[] = []
    startAllButWaiters(rate, 2)
    waitFor(rate, log, 1)
    waitFor(rate, log, 2)

    rate.configure({ perSecond: 0, burst: 0, waitMs: 0 })
    await clock.advance(0)
    for (let call = 0; call < 100; call += 1) void rate.acquire()
    rate.configure({ perSecond: 10, burst: 2, waitMs: 0 })

    expect(log).toEqual([1, 2])
    expect(clock.pending).toBe(0)
    expect(startAll(rate)).toBe(2)
  })
})

describe('RateLimit.refuseWaiters()', () => {
  test('refuses all who wait and leaves no timer', async () => {
    const { clock, rate } = scene({ waitMs: 1000 })
    const log: unknown[] = []
    startAllButWaiters(rate, 2)
    waitFor(rate, log, 1)
    waitFor(rate, log, 2)
    const gone = new Error('gone')

    rate.refuseWaiters(() => gone)
    await clock.advance(0)

    expect(log).toEqual([gone, gone])
    expect([rate.queued, clock.pending]).toEqual([0, 0])
  })
})

/** Uses up the burst without leaving anybody waiting. */
function startAllButWaiters(rate: RateLimit, burst: number): void {
  for (let call = 0; call < burst; call += 1) {
    if (rate.acquire() !== undefined) throw new Error('The burst is used up already')
  }
}

/** Writes down of each timer whether it keeps the process alive. */
function keptAlive(clock: FakeClock): unknown[] {
  const kept: unknown[] = []
  const schedule: Clock['schedule'] = (_fn, _delayMs, options) => {
    kept.push(options?.keepsAlive)
    return { cancel: () => {} }
  }
  Object.assign(clock, { schedule })
  return kept
}

describe('RateLimit.giveBack()', () => {
  test('puts a token back, for who comes next', () => {
    const { rate } = scene({ burst: 1 })
    startAll(rate)

    rate.giveBack()

    expect(startAll(rate)).toBe(1)
  })

  test('serves who waits, in order, and leaves no timer behind', async () => {
    const { clock, rate } = scene({ burst: 2, waitMs: 1000 })
    const log: unknown[] = []
    startAll(rate)
    for (const name of ['b', 'c']) waitFor(rate, log, name)

    rate.giveBack()
    rate.giveBack()
    await clock.advance(0)

    expect(log).toEqual(['b'])
    expect(clock.pending).toBe(1)
  })

  test('never makes more tokens than a burst has', async () => {
    const { clock, rate } = scene({ burst: 2 })
    startAll(rate)
    await clock.advance(10_000)

    rate.giveBack()

    expect(startAll(rate)).toBe(2)
  })

  test('does nothing without a rate', () => {
    const { rate } = scene({ perSecond: 0 })

    rate.giveBack()
    rate.configure({ perSecond: 10, burst: 1, waitMs: 0 })

    expect(startAll(rate)).toBe(1)
  })
})
