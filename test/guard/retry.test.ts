import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Clock } from '../../src/base/clock.ts'
import { guardOpen, guardTimeout } from '../../src/guard/errors.ts'
import { RetryBudget } from '../../src/guard/retry-budget.ts'
import { isRefusal, jitteredDelayMs, retrying, type RetryOptions } from '../../src/guard/retry.ts'
import { FakeClock } from '../support/fake-clock.ts'

const fault = new Error('connection reset')
const refusalData = {
  owner: 'orders',
  dependency: 'payments',
  state: 'open',
  reason: 'consecutive',
  retryAfterMs: undefined,
}

function scene(changes: Partial<RetryOptions> = {}) {
  const clock = new FakeClock()
  const told: string[] = []
  const options: RetryOptions = {
    max: 2,
    budget: new RetryBudget({ max: 2, budget: 0, minPerSecond: 10 }, clock),
    idempotent: true,
    isFailure: () => true,
    retryAfterMs: () => undefined,
    clock,
    random: () => 0.5,
    onRetry: (attempt, result) => told.push(`${attempt} ${result}`),
    ...changes,
  }
  /** When each attempt started. */
  const starts: number[] = []
  /** Fails with each error in turn, and succeeds after them. */
  const failing = (...errors: unknown[]) => {
    return (index: number): Promise<string> => {
      starts.push(clock.elapsed())
      return index < errors.length ? Promise.reject(errors[index]) : Promise.resolve(`try ${index}`)
    }
  }
  return { clock, told, options, starts, failing }
}

function unreadable(): never {
  throw new Error('unreadable')
}

/** Runs to the end while time passes; returns the value, or what was thrown. */
async function outcome(clock: FakeClock, run: Promise<unknown>): Promise<unknown> {
  const settled = run.then(
    (value) => value,
    (error: unknown) => error,
  )
  // The clock is asked only once the first attempt has failed.
  await clock.advance(0)
  await clock.advance(60_000)
  return settled
}

describe('retrying()', () => {
  test('starts the first attempt synchronously and returns its value', async () => {
    const { clock, options, starts, failing, told } = scene()

    const run = retrying(failing(), options)

    expect(starts).toHaveLength(1)
    await expect(run).resolves.toBe('try 0')
    expect(told).toEqual([])
    expect(clock.pending).toBe(0)
  })

  test('tries again after delays that double, and tells each attempt', async () => {
    const { clock, options, starts, failing, told } = scene()

    const result = await outcome(clock, retrying(failing(fault, fault), options))

    expect(result).toBe('try 2')
    expect(starts).toEqual([0, 50, 150])
    expect(told).toEqual(['1 sent', '2 sent'])
  })

  test('throws the last error after max further attempts', async () => {
    const { clock, options, starts, failing } = scene()
    const last = new Error('the last')

    const result = await outcome(clock, retrying(failing(fault, fault, last), options))

    expect(result).toBe(last)
    expect(starts).toHaveLength(3)
  })

  const refused: readonly [string, unknown, Partial<RetryOptions>][] = [
    ['a call that is not idempotent', fault, { idempotent: false }],
    ['a refusal of a guard', guardOpen(refusalData), {}],
    ['a status other than 502, 503, 504', { status: 500 }, {}],
    ['a statusCode other than 502, 503, 504', { statusCode: 409 }, {}],
    ['an error that is no failure of the dependency', fault, { isFailure: () => false }],
    ['what the caller has aborted', fault, { signal: AbortSignal.abort() }],
    ['anything with max 0', fault, { max: 0 }],
  ]
  test.each(refused)('does not try again: %s', async (_what, error, changes) => {
    const { clock, options, starts, failing, told } = scene(changes)
    const before = options.budget.balance

    const result = await outcome(clock, retrying(failing(error), options))

    expect(result).toBe(error)
    expect(starts).toHaveLength(1)
    expect(told).toEqual([])
    expect(options.budget.balance).toBe(before)
  })

  test.each([
    { status: 502 },
    { status: 503 },
    { statusCode: 504 },
    { status: 0 },
    'a word',
    undefined,
    guardTimeout({ ...refusalData, timeoutMs: 10 }),
  ])('tries again: %o', async (error) => {
    const { clock, options, failing } = scene()

    const result = await outcome(clock, retrying(failing(error), options))

    expect(result).toBe('try 1')
  })

  test('tries again after an error that cannot be read', async () => {
    const { clock, options, failing } = scene()
    const error = new Proxy({}, { get: unreadable })

    const result = await outcome(clock, retrying(failing(error), options))

    expect(result).toBe('try 1')
  })

  test('throws the error at once when the budget is empty, and tells so', async () => {
    const { clock, options, starts, failing, told } = scene()
    while (options.budget.tryWithdraw());

    const result = await outcome(clock, retrying(failing(fault), options))

    expect(result).toBe(fault)
    expect(starts).toHaveLength(1)
    expect(told).toEqual(['1 no-budget'])
  })

  test('deposits for each first attempt that began, not for retries nor refusals', async () => {
    const { clock, options, failing } = scene()
    const budget = new RetryBudget({ max: 2, budget: 0.5, minPerSecond: 0 }, clock)
    const open = guardOpen(refusalData)

    await retrying(failing(), { ...options, budget })
    const afterSuccess = budget.balance
    await retrying(failing(open), { ...options, budget }).catch(() => {})
    const afterRefusal = budget.balance
    await retrying(failing(fault), { ...options, max: 0, budget }).catch(() => {})
    const afterFailure = budget.balance
    await retrying(failing(fault), { ...options, idempotent: false, budget }).catch(() => {})
    const afterWrite = budget.balance
    const retried = retrying(failing(fault, fault), { ...options, budget })
    await clock.advance(0)
    await clock.advance(150)
    await retried

    expect([afterSuccess, afterRefusal, afterFailure, afterWrite]).toEqual([0.5, 0.5, 1, 1.5])
    expect(budget.balance).toBe(0)
  })

  test('waits as long as the dependency asked for', async () => {
    const { clock, options, starts, failing } = scene({
      retryAfterMs: () => 3000,
      deadlineAt: 3001,
    })

    await outcome(clock, retrying(failing(fault), options))

    expect(starts).toEqual([0, 3000])
  })

  const late: readonly [string, Partial<RetryOptions>][] = [
    [
      'the wish of the dependency ends after its deadline',
      { retryAfterMs: () => 3000, deadlineAt: 3000 },
    ],
    ['the delay ends after its deadline', { deadlineAt: 50 }],
    ['the wish is longer than 2 s and nobody knows a deadline', { retryAfterMs: () => 2001 }],
  ]
  test.each(late)('gives the caller the error at once when %s', async (_what, changes) => {
    const { clock, options, starts, failing } = scene(changes)

    const result = await outcome(clock, retrying(failing(fault), options))

    expect(result).toBe(fault)
    expect(starts).toHaveLength(1)
  })

  test('ends the waiting with the reason of an abort and leaves nothing', async () => {
    const controller = new AbortController()
    const { clock, options, starts, failing, told } = scene({ signal: controller.signal })
    const run = retrying(failing(fault), options)
    await clock.advance(0)
    await clock.advance(10)
    const waiting = clock.pending

    controller.abort('hung up')

    await expect(run).rejects.toBe('hung up')
    expect(waiting).toBe(1)
    expect(clock.pending).toBe(0)
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
    expect(starts).toHaveLength(1)
    expect(told).toEqual([])
  })

  test('keeps the process alive between attempts', async () => {
    const { clock, options, failing } = scene()
    const kept: unknown[] = []
    const schedule: Clock['schedule'] = (fn, _delayMs, how) => {
      kept.push(how?.keepsAlive)
      setImmediate(fn)
      return { cancel: () => {} }
    }
    Object.assign(clock, { schedule })

    await retrying(failing(fault), options)

    expect(kept).toEqual([true])
  })

  test('leaves no listener on the signal after the waiting', async () => {
    const { signal } = new AbortController()
    const { clock, options, failing } = scene({ signal })

    await outcome(clock, retrying(failing(fault), options))

    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})

describe('jitteredDelayMs()', () => {
  test('doubles the ceiling from 100 ms to 2 s', () => {
    const ceilings = [0, 1, 2, 3, 4, 5, 50].map((index) => jitteredDelayMs(index, () => 1))

    expect(ceilings).toEqual([100, 200, 400, 800, 1600, 2000, 2000])
  })

  test('lies anywhere from 0 to the ceiling', () => {
    const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    fc.assert(
      fc.property(fc.nat(2000), share, (index, random) => {
        const delayMs = jitteredDelayMs(index, () => random)

        expect(delayMs).toBe(random * Math.min(2000, 100 * 2 ** index))
      }),
    )
    expect(jitteredDelayMs(3, () => 0)).toBe(0)
  })
})

describe('isRefusal()', () => {
  test.each([
    [guardOpen(refusalData), true],
    [{ code: 'SOMON_GUARD_FULL' }, true],
    [guardTimeout({ ...refusalData, timeoutMs: 10 }), false],
    [{ code: 'ECONNRESET' }, false],
    [fault, false],
    [undefined, false],
  ])('of %o is %s', (error, expected) => {
    expect(isRefusal(error)).toBe(expected)
  })
})
