import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { withDeadline } from '../../src/base/deadline.ts'
import { FakeClock } from '../support/fake-clock.ts'

const late = new Error('late')
const never = (): Promise<never> => new Promise(() => {})

function options(clock: FakeClock, timeoutMs: number, signal?: AbortSignal) {
  return { timeoutMs, clock, onTimeout: () => late, signal }
}

describe('withDeadline()', () => {
  test('returns what the task returns and leaves no timer', async () => {
    const clock = new FakeClock()

    await expect(withDeadline(async () => 7, options(clock, 100))).resolves.toBe(7)

    expect(clock.pending).toBe(0)
  })

  test('rejects at the deadline although the task ignores its signal', async () => {
    const clock = new FakeClock()
    const result = withDeadline(never, options(clock, 100))
    result.catch(() => {})

    await clock.advance(100)

    await expect(result).rejects.toBe(late)
  })

  test('does not reject before the deadline', async () => {
    const clock = new FakeClock()
    const { promise, resolve } = Promise.withResolvers<string>()
    const result = withDeadline(() => promise, options(clock, 100))

    await clock.advance(99)
    resolve('in time')

    await expect(result).resolves.toBe('in time')
  })

  test('aborts the signal of the task with the error of the deadline', async () => {
    const clock = new FakeClock()
    let seen: AbortSignal | undefined
    const result = withDeadline(
      (signal) => {
        seen = signal
        return never()
      },
      options(clock, 50),
    )
    result.catch(() => {})

    await clock.advance(50)

    await expect(result).rejects.toBe(late)
    expect(seen?.reason).toBe(late)
  })

  test('throws the reason of the caller as it is, and aborts the task', async () => {
    const clock = new FakeClock()
    const controller = new AbortController()
    let seen: AbortSignal | undefined
    const result = withDeadline(
      (signal) => {
        seen = signal
        return never()
      },
      options(clock, 50, controller.signal),
    )

    controller.abort('changed my mind')

    await expect(result).rejects.toBe('changed my mind')
    expect(seen?.aborted).toBe(true)
    expect(clock.pending).toBe(0)
  })

  test('does not start a task that is aborted already', async () => {
    let started = false

    const result = withDeadline(
      () => {
        started = true
      },
      options(new FakeClock(), 50, AbortSignal.abort('no')),
    )

    await expect(result).rejects.toBe('no')
    expect(started).toBe(false)
  })

  test('takes its listener off the signal of the caller', async () => {
    const { signal } = new AbortController()

    await withDeadline(async () => 1, options(new FakeClock(), 50, signal))

    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  test('passes on what a task throws before its first await', async () => {
    const clock = new FakeClock()
    const fault = new Error('at once')

    const result = withDeadline(
      () => {
        throw fault
      },
      options(clock, 50),
    )

    await expect(result).rejects.toBe(fault)
    expect(clock.pending).toBe(0)
  })

  test.each([0, Infinity, 2 ** 31])('sets no timer for %s ms', async (timeoutMs) => {
    const clock = new FakeClock()
    let pending = -1

    await withDeadline(
      () => {
        pending = clock.pending
      },
      options(clock, timeoutMs),
    )

    expect(pending).toBe(0)
  })
})

describe('withDeadline() of a task that returns no promise', () => {
  test('holds its timer no longer than the task runs, and keeps the value', async () => {
    const clock = new FakeClock()
    const { signal, abort } = abortable()

    const result = withDeadline(() => 7, options(clock, 50, signal))
    const pending = clock.pending
    abort('too late')

    await expect(result).resolves.toBe(7)
    expect(pending).toBe(0)
  })

  test('waits for what has a method then, and for nothing else', async () => {
    // oxlint-disable-next-line unicorn/no-thenable -- foreign promises are what is tested
    const thenable = { then: (resolve: (value: string) => void) => resolve('value') }
    // oxlint-disable-next-line unicorn/no-thenable -- foreign promises are what is tested
    const plain = { then: 'a word' }

    const results = [
      await withDeadline<unknown>(() => thenable, options(new FakeClock(), 50)),
      await withDeadline<unknown>(() => plain, options(new FakeClock(), 50)),
    ]

    expect(results).toEqual(['value', plain])
  })
})

function abortable(): { signal: AbortSignal; abort: (reason: string) => void } {
  const controller = new AbortController()
  return { signal: controller.signal, abort: (reason) => controller.abort(reason) }
}

describe('withDeadline() onStop and onSettled', () => {
  test('tells only the end of a task that settles in time', async () => {
    const log: string[] = []

    await withDeadline(async () => 1, {
      ...options(new FakeClock(), 50),
      onStop: () => log.push('stop'),
      onSettled: () => log.push('settled'),
    })

    expect(log).toEqual(['settled'])
  })

  test('tells the stop at the deadline and the end when the task is really over', async () => {
    const clock = new FakeClock()
    const log: string[] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    withDeadline(() => promise, {
      ...options(clock, 50),
      onStop: () => log.push('stop'),
      onSettled: () => log.push('settled'),
    }).catch(() => {})

    await clock.advance(50)
    const atDeadline = [...log]
    resolve()
    await clock.advance(0)

    expect(atDeadline).toEqual(['stop'])
    expect(log).toEqual(['stop', 'settled'])
  })
})
