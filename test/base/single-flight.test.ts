import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { SingleFlight } from '../../src/base/single-flight.ts'

/** An effort that waits for the test and keeps the signal it got. */
function effort() {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const signals: AbortSignal[] = []
  const start = (signal: AbortSignal): Promise<number> => {
    signals.push(signal)
    return promise
  }
  return { start, signals, resolve, reject }
}

describe('SingleFlight.run()', () => {
  test('starts one effort for many callers of a key', async () => {
    const flights = new SingleFlight<number>()
    const work = effort()

    const results = Array.from({ length: 100 }, () => flights.run('a', work.start))
    work.resolve(7)

    await expect(Promise.all(results)).resolves.toEqual(Array(100).fill(7))
    expect(work.signals).toHaveLength(1)
  })

  test('starts one effort for each key', () => {
    const flights = new SingleFlight<number>()
    const [first, second] = [effort(), effort()]

    void flights.run('a', first.start)
    void flights.run('b', second.start)

    expect(flights.size).toBe(2)
  })

  test('remembers neither success nor failure', async () => {
    const flights = new SingleFlight<number>()
    const [failing, working] = [effort(), effort()]

    const first = flights.run('a', failing.start)
    failing.reject(new Error('no'))
    await expect(first).rejects.toThrow('no')
    const second = flights.run('a', working.start)
    working.resolve(2)

    await expect(second).resolves.toBe(2)
    expect(flights.size).toBe(0)
  })

  test('shares a failure with every waiter, as it was thrown', async () => {
    const flights = new SingleFlight<number>()
    const work = effort()
    const { signal } = new AbortController()

    const results = [flights.run('a', work.start), flights.run('a', work.start, signal)]
    work.reject('plain')

    await expect(Promise.allSettled(results)).resolves.toEqual([
      { status: 'rejected', reason: 'plain' },
      { status: 'rejected', reason: 'plain' },
    ])
  })

  test('rejects when an effort throws before its first await, and forgets it', async () => {
    const flights = new SingleFlight<number>()

    const result = flights.run('a', () => {
      throw new Error('at once')
    })

    await expect(result).rejects.toThrow('at once')
    expect(flights.size).toBe(0)
  })

  test('lets a waiter that aborts leave alone', async () => {
    const flights = new SingleFlight<number>()
    const work = effort()
    const [stays, leaves] = [new AbortController(), new AbortController()]
    const kept = flights.run('a', work.start, stays.signal)
    const left = flights.run('a', work.start, leaves.signal)

    leaves.abort('gone')

    await expect(left).rejects.toBe('gone')
    expect(work.signals[0]?.aborted).toBe(false)
    work.resolve(1)
    await expect(kept).resolves.toBe(1)
  })

  test('aborts the effort when its last waiter has left', async () => {
    const flights = new SingleFlight<number>()
    const work = effort()
    const controllers = [new AbortController(), new AbortController()]
    const results = controllers.map(({ signal }) => flights.run('a', work.start, signal))

    for (const controller of controllers) controller.abort('gone')

    await Promise.allSettled(results)
    expect(work.signals[0]?.reason).toBe('gone')
  })

  test('does not abort the effort while a caller without a signal waits', () => {
    const flights = new SingleFlight<number>()
    const work = effort()
    const controller = new AbortController()
    void flights.run('a', work.start)
    flights.run('a', work.start, controller.signal).catch(() => {})

    controller.abort('gone')

    expect(work.signals[0]?.aborted).toBe(false)
  })

  test('starts anew for a caller that comes after an abort', async () => {
    const flights = new SingleFlight<number>()
    const [old, fresh] = [effort(), effort()]
    const controller = new AbortController()
    flights.run('a', old.start, controller.signal).catch(() => {})
    controller.abort('gone')

    const result = flights.run('a', fresh.start)
    old.resolve(1)
    await new Promise(setImmediate)
    const joined = flights.run('a', effort().start)
    fresh.resolve(2)

    await expect(Promise.all([result, joined])).resolves.toEqual([2, 2])
  })

  test('rejects at once when the signal is aborted already, and starts nothing', async () => {
    const flights = new SingleFlight<number>()
    const work = effort()

    await expect(flights.run('a', work.start, AbortSignal.abort('no'))).rejects.toBe('no')
    expect(work.signals).toHaveLength(0)
  })

  test('leaves no listener on the signal', async () => {
    const flights = new SingleFlight<number>()
    const work = effort()
    const { signal } = new AbortController()
    const result = flights.run('a', work.start, signal)

    work.resolve(1)
    await result

    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})
