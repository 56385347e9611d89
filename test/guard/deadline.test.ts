import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runWithDeadline } from '../../src/guard/deadline.ts'
import { FakeClock } from '../support/fake-clock.ts'

const late = new Error('late')
const never = (): Promise<never> => new Promise(() => {})

function scene({ timeoutMs = 100, abandonMs = 50 } = {}) {
  const clock = new FakeClock()
  const controller = new AbortController()
  const ends: boolean[] = []
  const options = {
    timeoutMs,
    abandonMs,
    clock,
    signal: controller.signal,
    onTimeout: () => late,
    onEnd: (abandoned: boolean) => void ends.push(abandoned),
  }
  return { clock, controller, ends, options }
}

describe('runWithDeadline()', () => {
  test('starts the task synchronously', () => {
    const { options } = scene()
    let started = false

    void runWithDeadline(() => {
      started = true
    }, options)

    expect(started).toBe(true)
  })

  test('tells the end before the promise settles, and leaves no timer and no listener', async () => {
    const { clock, controller, ends, options } = scene()
    let seen: readonly boolean[] = []

    const value = await runWithDeadline(async () => 7, options).then((result) => {
      seen = [...ends]
      return result
    })

    expect(value).toBe(7)
    expect(seen).toEqual([false])
    expect(clock.pending).toBe(0)
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  })

  test('tells the end of a task that throws before its first await', async () => {
    const { clock, ends, options } = scene()
    const fault = new Error('at once')

    const result = runWithDeadline(() => {
      throw fault
    }, options)

    expect(ends).toEqual([false])
    await expect(result).rejects.toBe(fault)
    expect(clock.pending).toBe(0)
  })

  test('tells the end at once when the caller has aborted before, without starting', async () => {
    const { controller, ends, options } = scene()
    controller.abort('gone')
    let started = false

    const result = runWithDeadline(() => {
      started = true
    }, options)

    expect(ends).toEqual([false])
    await expect(result).rejects.toBe('gone')
    expect(started).toBe(false)
  })

  test('answers at the deadline and aborts the task with the same error', async () => {
    const { clock, options } = scene()
    let reason: unknown
    const result = runWithDeadline((signal) => {
      signal.addEventListener('abort', () => {
        reason = signal.reason
      })
      return never()
    }, options)
    result.catch(() => {})

    await clock.advance(100)

    await expect(result).rejects.toBe(late)
    expect(reason).toBe(late)
  })

  test('ends with its abort for a task that obeys, and sets no further timer', async () => {
    const { clock, ends, options } = scene()
    const result = runWithDeadline(
      (signal) =>
        new Promise<never>((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('stopped')))
        }),
      options,
    )
    result.catch(() => {})

    await clock.advance(100)

    expect(ends).toEqual([false])
    expect(clock.pending).toBe(0)
    await expect(result).rejects.toBe(late)
  })

  test('gives up a task that ignores its abort after abandonMs, once', async () => {
    const { clock, ends, options } = scene()
    const { promise, resolve } = Promise.withResolvers<string>()
    const result = runWithDeadline(() => promise, options)
    result.catch(() => {})

    await clock.advance(149)
    const before = [...ends]
    await clock.advance(1)
    const after = [...ends]
    resolve('much too late')
    await clock.advance(1000)

    expect(before).toEqual([])
    expect(after).toEqual([true])
    expect(ends).toEqual([true])
  })

  test('passes the reason of the caller through at once and counts the task on', async () => {
    const { clock, controller, ends, options } = scene()
    const result = runWithDeadline(never, options)

    controller.abort('changed my mind')

    await expect(result).rejects.toBe('changed my mind')
    expect(ends).toEqual([])
    await clock.advance(50)
    expect(ends).toEqual([true])
  })

  test('aborts the signal of one call only', async () => {
    const { clock, options } = scene()
    const signals: AbortSignal[] = []
    const task = (signal: AbortSignal): Promise<never> => {
      signals.push(signal)
      return never()
    }
    runWithDeadline(task, { ...options, timeoutMs: 10 }).catch(() => {})
    void runWithDeadline(task, options)

    await clock.advance(10)

    expect(signals.map((signal) => signal.aborted)).toEqual([true, false])
  })

  test('reports a late rejection of an abandoned task to nobody', async () => {
    const { clock, options } = scene()
    const { promise, reject } = Promise.withResolvers<never>()
    const unhandled: unknown[] = []
    const listen = (error: unknown): void => void unhandled.push(error)
    process.on('unhandledRejection', listen)
    const result = runWithDeadline(() => promise, options)
    result.catch(() => {})
    await clock.advance(200)

    reject(new Error('nobody waits'))
    await clock.advance(0)
    process.off('unhandledRejection', listen)

    expect(unhandled).toEqual([])
  })

  test('settles by whatever comes first, ends exactly once and leaves nothing', async () => {
    const step = fc.oneof(
      fc.constantFrom('resolve' as const, 'reject' as const, 'abort' as const),
      fc.integer({ min: 1, max: 120 }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        const { clock, controller, ends, options } = scene()
        const task = Promise.withResolvers<string>()
        const results: unknown[] = []
        const record = (value: unknown): void => void results.push(value)
        runWithDeadline(() => task.promise, options).then(record, record)
        let expected: unknown
        for (const action of steps) {
          if (action === 'resolve') task.resolve('value')
          else if (action === 'reject') task.reject('fault')
          else if (action === 'abort') controller.abort('abort')
          if (typeof action === 'number') {
            if (clock.elapsed() + action >= 100) expected ??= late
            await clock.advance(action)
          } else {
            expected ??= { resolve: 'value', reject: 'fault', abort: 'abort' }[action]
            await clock.advance(0)
          }
        }

        expect(results).toEqual(expected === undefined ? [] : [expected])
        await clock.advance(1000)
        expect(ends).toHaveLength(1)
        expect(clock.pending).toBe(0)
        expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
      }),
    )
  })
})
