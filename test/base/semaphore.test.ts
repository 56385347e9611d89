import { getEventListeners } from 'node:events'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Semaphore } from '../../src/base/semaphore.ts'

const turn = (): Promise<void> => new Promise(setImmediate)

describe('Semaphore.acquire()', () => {
  test('admits as many as the limit and queues the rest', async () => {
    const semaphore = new Semaphore(2)
    await semaphore.acquire()
    await semaphore.acquire()

    void semaphore.acquire()
    await turn()

    expect([semaphore.held, semaphore.waiting]).toEqual([2, 1])
  })

  test('serves waiters in order of arrival', async () => {
    const semaphore = new Semaphore(1)
    const log: number[] = []
    const work = async (id: number): Promise<void> => {
      const release = await semaphore.acquire()
      log.push(id)
      release()
    }

    await Promise.all([1, 2, 3, 4].map(work))

    expect(log).toEqual([1, 2, 3, 4])
    expect([semaphore.held, semaphore.waiting]).toEqual([0, 0])
  })

  test('gives a place back once, however often release is called', async () => {
    const semaphore = new Semaphore(2)
    const release = await semaphore.acquire()
    await semaphore.acquire()

    release()
    release()

    expect(semaphore.held).toBe(1)
  })

  test('rejects a waiter that aborts, and the others keep their order', async () => {
    const semaphore = new Semaphore(1)
    const release = await semaphore.acquire()
    const controller = new AbortController()
    const aborted = semaphore.acquire(controller.signal)
    const next = semaphore.acquire()

    controller.abort('enough')
    await expect(aborted).rejects.toBe('enough')
    release()

    await expect(next).resolves.toBeTypeOf('function')
    expect(semaphore.waiting).toBe(0)
  })

  test('rejects at once when the signal is aborted already', async () => {
    const semaphore = new Semaphore(1)

    await expect(semaphore.acquire(AbortSignal.abort('no'))).rejects.toBe('no')
    expect(semaphore.held).toBe(0)
  })

  test('leaves no listener on the signal', async () => {
    const semaphore = new Semaphore(1)
    const { signal } = new AbortController()
    const release = await semaphore.acquire(signal)
    const next = semaphore.acquire(signal)

    release()
    await next

    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})

describe('Semaphore.limit', () => {
  test('admits waiters at once when it grows', async () => {
    const semaphore = new Semaphore(1)
    await semaphore.acquire()
    const waiters = [semaphore.acquire(), semaphore.acquire()]

    semaphore.limit = 3
    await Promise.all(waiters)

    expect([semaphore.limit, semaphore.held]).toEqual([3, 3])
  })

  test('lets holders finish when it shrinks, and admits nobody until there is room', async () => {
    const semaphore = new Semaphore(2)
    const releases = [await semaphore.acquire(), await semaphore.acquire()]
    void semaphore.acquire()

    semaphore.limit = 1
    releases[0]?.()
    await turn()
    const before = [semaphore.held, semaphore.waiting]
    releases[1]?.()
    await turn()

    expect(before).toEqual([1, 1])
    expect([semaphore.held, semaphore.waiting]).toEqual([1, 0])
  })
})

describe('Semaphore', () => {
  test('never admits more than its limit, whatever happens', async () => {
    const step = fc.constantFrom('acquire', 'release', 'abort')
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.array(step), async (limit, steps) => {
        const semaphore = new Semaphore(limit)
        const held: (() => void)[] = []
        const waiting: AbortController[] = []
        for (const action of steps) {
          if (action === 'acquire') {
            const controller = new AbortController()
            waiting.push(controller)
            semaphore.acquire(controller.signal).then(
              (release) => held.push(release),
              () => {},
            )
          } else if (action === 'release') held.shift()?.()
          else waiting.shift()?.abort()
          await Promise.resolve()
          await Promise.resolve()

          expect(semaphore.held).toBeLessThanOrEqual(limit)
          expect(semaphore.waiting === 0 || semaphore.held === limit).toBe(true)
        }
      }),
    )
  })
})
