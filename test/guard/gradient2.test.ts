import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Gradient2 } from '../../src/guard/gradient2.ts'
import { FakeClock } from '../support/fake-clock.ts'

const MAX = 64

/** Gives batches of ten samples with one latency; the clock stands still, so ten make a batch. */
function feed(gradient: Gradient2, ms: number, batches: number, inflight?: number): void {
  for (let sample = 0; sample < batches * 10; sample += 1) {
    gradient.sample(ms, inflight ?? gradient.limit)
  }
}

const SERVERS = 30

/** One batch at a dependency that serves 30 calls at once in 10 ms; the others wait there. */
function load(gradient: Gradient2, demand: 'full' | 'light'): void {
  const inflight = demand === 'full' ? gradient.limit : 10
  feed(gradient, 10 * Math.max(1, inflight / SERVERS), 1, inflight)
}

describe('Gradient2.limit', () => {
  test.each([
    [1000, 20],
    [20, 20],
    [10, 10],
    [2, 2],
  ])('starts at 20, or at a lower max: %s gives %s', (max, limit) => {
    expect(new Gradient2(max, new FakeClock()).limit).toBe(limit)
  })

  test('follows a lower max at once and grows again from there', () => {
    const gradient = new Gradient2(MAX, new FakeClock())
    feed(gradient, 10, 100)

    gradient.max = 8
    const lowered = gradient.limit
    gradient.max = MAX
    feed(gradient, 10, 5)

    expect([lowered, gradient.limit]).toEqual([8, 12])
  })
})

describe('Gradient2.sample()', () => {
  test('moves the limit by 0.8 per batch of ten while latency is constant', () => {
    const gradient = new Gradient2(MAX, new FakeClock())

    feed(gradient, 10, 1)
    const afterOne = gradient.limit
    feed(gradient, 10, 4)

    expect([afterOne, gradient.limit]).toEqual([20, 24])
  })

  test('moves nothing before the tenth sample', () => {
    const gradient = new Gradient2(MAX, new FakeClock())
    feed(gradient, 10, 10)
    const before = gradient.limit

    for (let sample = 0; sample < 9; sample += 1) gradient.sample(1000, before)
    const nine = gradient.limit
    gradient.sample(1000, before)

    expect(nine).toBe(before)
    expect(gradient.limit).toBeLessThan(before)
  })

  test('completes a batch after 100 ms from its first sample, however few they are', async () => {
    const clock = new FakeClock()
    const gradient = new Gradient2(MAX, clock)
    feed(gradient, 10, 10)
    const before = gradient.limit
    await clock.advance(5000)

    gradient.sample(1000, before)
    await clock.advance(99)
    gradient.sample(1000, before)
    const early = gradient.limit
    await clock.advance(1)
    gradient.sample(1000, before)

    expect(early).toBe(before)
    expect(gradient.limit).toBeLessThan(before)
  })

  test('shrinks by a tenth, less 0.8, per batch when latency rises far', () => {
    const gradient = new Gradient2(1000, new FakeClock())
    feed(gradient, 10, 225)
    const before = gradient.limit

    feed(gradient, 1000, 1)

    expect(before).toBe(200)
    expect(gradient.limit).toBe(180)
  })

  test('calls up to 1.5 times the usual latency normal', () => {
    const normal = new Gradient2(MAX, new FakeClock())
    const slow = new Gradient2(MAX, new FakeClock())
    for (const gradient of [normal, slow]) feed(gradient, 10, 20)
    const before = normal.limit

    feed(normal, 14.9, 5)
    feed(slow, 30, 5)

    expect(normal.limit).toBe(before + 4)
    expect(slow.limit).toBeLessThan(before)
  })

  test('does not grow while less than half of the limit is used', () => {
    const gradient = new Gradient2(MAX, new FakeClock())

    feed(gradient, 10, 50, 9)
    const idle = gradient.limit
    feed(gradient, 10, 50, 11)

    expect([idle, gradient.limit]).toEqual([20, 22])
  })

  test('shrinks although the limit is not used', () => {
    const gradient = new Gradient2(MAX, new FakeClock())
    feed(gradient, 10, 20, 1)

    feed(gradient, 100, 3, 1)

    expect(gradient.limit).toBeLessThan(20)
  })

  test('takes a latency that stays for the usual one in the end', () => {
    const gradient = new Gradient2(MAX, new FakeClock())
    feed(gradient, 10, 20)

    feed(gradient, 20, 60)
    const soon = gradient.limit
    feed(gradient, 20, 400)

    expect(soon).toBeLessThan(MAX / 2)
    expect(gradient.limit).toBe(MAX)
  })

  test('takes calls that last no time at all', () => {
    const gradient = new Gradient2(MAX, new FakeClock())

    feed(gradient, 0, 5)

    expect(gradient.limit).toBe(24)
  })

  test('forgets a slow time within some hundred batches, not thousands', () => {
    const gradient = new Gradient2(MAX, new FakeClock())
    feed(gradient, 1000, 50)

    // 100 times as fast: 0.95 per batch takes 77 batches to come within twice of it.
    feed(gradient, 10, 90)
    feed(gradient, 100, 10)

    expect(gradient.limit).toBeLessThan(MAX / 2)
  })

  test('grows more slowly once calls queue up at the dependency', () => {
    const gradient = new Gradient2(1000, new FakeClock())

    for (let batch = 0; batch < 100; batch += 1) load(gradient, 'full')

    // 100 without the queue: 20 + 0.8 per batch.
    expect(gradient.limit).toBeGreaterThan(SERVERS)
    expect(gradient.limit).toBeLessThan(60)
  })

  test('stays within four times of what a dependency serves when demand has pauses', () => {
    const gradient = new Gradient2(1000, new FakeClock())
    const seen: number[] = []

    for (let batch = 0; batch < 6000; batch += 1) {
      load(gradient, batch % 300 < 200 ? 'full' : 'light')
      if (batch >= 200) seen.push(gradient.limit)
    }

    expect(Math.min(...seen)).toBeGreaterThan(SERVERS)
    expect(Math.max(...seen)).toBeLessThan(4 * SERVERS)
  })

  test('never leaves 4 to max, nor becomes a fraction, whatever it is told', async () => {
    const step = fc.oneof(
      fc.record({
        ms: fc.double({ min: 0, max: 100_000, noNaN: true }),
        inflight: fc.nat(2000),
        pauseMs: fc.nat(200),
      }),
      fc.record({ max: fc.integer({ min: 1, max: 500 }) }),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 500 }),
        fc.array(step, { maxLength: 300 }),
        async (start, steps) => {
          const now = { ms: 0 }
          const clock = Object.assign(new FakeClock(), { elapsed: () => now.ms })
          const gradient = new Gradient2(start, clock)
          let max = start
          for (const action of steps) {
            if ('max' in action) gradient.max = max = action.max
            else {
              now.ms += action.pauseMs
              gradient.sample(action.ms, action.inflight)
            }

            expect(Number.isInteger(gradient.limit)).toBe(true)
            expect(gradient.limit).toBeLessThanOrEqual(max)
            expect(gradient.limit).toBeGreaterThanOrEqual(Math.min(4, max))
          }
        },
      ),
    )
  })
})
