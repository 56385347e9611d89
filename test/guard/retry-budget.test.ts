import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RetryBudget } from '../../src/guard/retry-budget.ts'
import { FakeClock } from '../support/fake-clock.ts'

function scene({ budget = 0.2, minPerSecond = 0 } = {}) {
  const clock = new FakeClock()
  return { clock, retries: new RetryBudget({ max: 2, budget, minPerSecond }, clock) }
}

/** Takes what there is; returns how many retries that were. */
function takeAll(retries: RetryBudget): number {
  let count = 0
  while (retries.tryWithdraw()) count += 1
  return count
}

describe('RetryBudget.tryWithdraw()', () => {
  test('allows one retry for five first attempts', () => {
    const { retries } = scene()
    for (let call = 0; call < 4; call += 1) retries.deposit()
    const four = retries.tryWithdraw()
    retries.deposit()

    const five = [retries.tryWithdraw(), retries.tryWithdraw()]

    expect(four).toBe(false)
    expect(five).toEqual([true, false])
  })

  test.each([0.1, 0.2, 0.3, 0.7])('loses nothing by rounding: %s', (budget) => {
    const { retries } = scene({ budget })

    for (let call = 0; call < 10; call += 1) retries.deposit()

    expect(takeAll(retries)).toBe(10 * budget)
  })

  test('forgets deposits after 10 s', async () => {
    const { clock, retries } = scene()
    for (let call = 0; call < 10; call += 1) retries.deposit()

    await clock.advance(9499)
    const before = retries.balance
    await clock.advance(501)

    expect(before).toBeCloseTo(2)
    expect(retries.balance).toBe(0)
    expect(retries.tryWithdraw()).toBe(false)
  })

  test('takes the oldest deposits first', async () => {
    const { clock, retries } = scene()
    for (let call = 0; call < 5; call += 1) retries.deposit()
    await clock.advance(5000)
    for (let call = 0; call < 5; call += 1) retries.deposit()

    retries.tryWithdraw()
    await clock.advance(5000)

    expect(takeAll(retries)).toBe(1)
  })

  test('keeps a reserve of minPerSecond that fills up again in a second', async () => {
    const { clock, retries } = scene({ minPerSecond: 3 })

    const first = takeAll(retries)
    await clock.advance(500)
    const half = takeAll(retries)
    await clock.advance(60_000)

    expect([first, half, takeAll(retries)]).toEqual([3, 1, 3])
  })

  test('gathers one retry from a reserve below 1 per second', async () => {
    const { clock, retries } = scene({ minPerSecond: 0.5 })

    const first = takeAll(retries)
    await clock.advance(1999)
    const early = takeAll(retries)
    await clock.advance(1)

    expect([first, early, takeAll(retries)]).toEqual([1, 0, 1])
  })

  test('allows nothing without budget and reserve', () => {
    const { retries } = scene({ budget: 0 })
    for (let call = 0; call < 1000; call += 1) retries.deposit()

    expect(retries.tryWithdraw()).toBe(false)
  })

  test('keeps a total outage at 100 calls/s below 1.25 times the attempts', async () => {
    const { clock, retries } = scene({ minPerSecond: 1 })
    let attempts = 0
    let sent = 0

    for (let call = 0; call < 3000; call += 1) {
      attempts += 1
      retries.deposit()
      for (let retry = 0; retry < 2; retry += 1) if (retries.tryWithdraw()) sent += 1
      await clock.advance(10)
    }

    expect((attempts + sent) / attempts).toBeLessThanOrEqual(1.25)
    expect(sent).toBeGreaterThan(attempts * 0.2)
  })

  test('never allows more than the bound it promises, over any span', async () => {
    const step = fc.oneof(
      { arbitrary: fc.constantFrom('deposit' as const, 'withdraw' as const), weight: 4 },
      { arbitrary: fc.integer({ min: 1, max: 4000 }), weight: 1 },
    )
    const settings = fc.record({
      budget: fc.constantFrom(0, 0.1, 0.2, 0.5, 1),
      minPerSecond: fc.constantFrom(0, 0.3, 1, 4),
    })
    await fc.assert(
      fc.asyncProperty(settings, fc.array(step, { maxLength: 150 }), async (shares, steps) => {
        const { clock, retries } = scene(shares)
        const deposits: number[] = []
        const taken: number[] = []
        for (const action of steps) {
          if (typeof action === 'number') await clock.advance(action)
          else if (action === 'deposit') {
            retries.deposit()
            deposits.push(clock.elapsed())
          } else if (retries.tryWithdraw()) taken.push(clock.elapsed())
          expect(retries.balance).toBeGreaterThanOrEqual(0)
        }

        const { budget, minPerSecond } = shares
        const reserve = minPerSecond === 0 ? 0 : Math.max(1, minPerSecond)
        for (const [index, from] of taken.entries()) {
          for (const [further, to] of taken.slice(index).entries()) {
            const attempts = deposits.filter((at) => at > from - 10_000 && at <= to).length
            const bound = budget * attempts + (minPerSecond * (to - from)) / 1000 + reserve
            expect(further + 1).toBeLessThanOrEqual(bound + 1e-6)
          }
        }
      }),
    )
  })
})

describe('RetryBudget.configure()', () => {
  test('changes the share of later attempts and the reserve, and keeps what was deposited', () => {
    const { retries } = scene({ minPerSecond: 5 })
    for (let call = 0; call < 10; call += 1) retries.deposit()

    retries.configure({ max: 2, budget: 1, minPerSecond: 0 })
    const kept = retries.balance
    retries.deposit()

    expect(kept).toBeCloseTo(2)
    expect(retries.balance).toBeCloseTo(3)
  })

  test('gives time that has passed its reserve by the old rate', async () => {
    const { clock, retries } = scene({ budget: 0, minPerSecond: 1 })
    takeAll(retries)
    await clock.advance(1000)

    retries.configure({ max: 2, budget: 0, minPerSecond: 10 })

    expect(retries.balance).toBe(1)
  })
})
