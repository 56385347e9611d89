import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { untilAborted } from '../../src/base/until-aborted.ts'

const never = (): Promise<never> => new Promise(() => {})

describe('untilAborted()', () => {
  test('untilAborted() settles as the task does, with and without a signal', async () => {
    const { signal } = new AbortController()
    const failure = new Error('no')

    expect(await untilAborted(Promise.resolve(1), undefined)).toBe(1)
    expect(await untilAborted(Promise.resolve(2), signal)).toBe(2)
    await expect(untilAborted(Promise.reject(failure), undefined)).rejects.toBe(failure)
    await expect(untilAborted(Promise.reject(failure), signal)).rejects.toBe(failure)
  })

  test('untilAborted() throws the reason of an abort as it is, while the task goes on', async () => {
    const controller = new AbortController()

    const waiting = untilAborted(never(), controller.signal)
    controller.abort('enough')

    await expect(waiting).rejects.toBe('enough')
  })

  test('untilAborted() prefers an abort that came first to a task that has settled', async () => {
    const waiting = untilAborted(Promise.resolve(1), AbortSignal.abort('enough'))

    await expect(waiting).rejects.toBe('enough')
  })

  test('untilAborted() leaves no rejection of the task unhandled', async () => {
    const unhandled: unknown[] = []
    const note = (reason: unknown): void => void unhandled.push(reason)
    process.on('unhandledRejection', note)
    const task = Promise.withResolvers<never>()
    const controller = new AbortController()

    const before = untilAborted(task.promise, AbortSignal.abort('enough'))
    const during = untilAborted(task.promise, controller.signal)
    controller.abort('enough')
    await Promise.allSettled([before, during])
    task.reject(new Error('late'))
    await new Promise(setImmediate)
    process.off('unhandledRejection', note)

    expect(unhandled).toEqual([])
  })

  test('untilAborted() leaves no listener on the signal', async () => {
    const controller = new AbortController()
    const { signal } = controller

    await untilAborted(Promise.resolve(), signal)
    await untilAborted(Promise.reject(new Error('no')), signal).catch(() => {})

    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})
