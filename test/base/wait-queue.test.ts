import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { WaitQueue } from '../../src/base/wait-queue.ts'

const turn = (): Promise<void> => new Promise(setImmediate)

function scene() {
  const empties: number[] = []
  const queue: WaitQueue<string> = new WaitQueue(() => empties.push(queue.length))
  const log: string[] = []
  const wait = (name: string, since = 0, signal?: AbortSignal): void => {
    queue.wait(signal, since).then(
      (value) => log.push(`${name} got ${value}`),
      (error: unknown) => log.push(`${name} lost ${String(error)}`),
    )
  }
  return { empties, queue, log, wait }
}

describe('WaitQueue.serve()', () => {
  test('gives the value to who has waited longest, and says when nobody waits any more', async () => {
    const { empties, queue, log, wait } = scene()
    wait('a', 1)
    wait('b', 2)

    queue.serve('first')
    const next = queue.first?.since
    const early = empties.length
    queue.serve('second')
    queue.serve('third')
    await turn()

    expect(log).toEqual(['a got first', 'b got second'])
    expect([next, early]).toEqual([2, 0])
    expect(empties).toEqual([0])
    expect(queue.first).toBeUndefined()
  })
})

describe('WaitQueue.refuse()', () => {
  test('tells how many are kept before each', async () => {
    const { queue, log, wait } = scene()
    for (const [since, name] of ['a', 'b', 'c', 'd'].entries()) wait(name, since)

    queue.refuse(
      ({ since }) => since % 2 === 1,
      ({ since }, position) => new Error(`${since} after ${position}`),
    )
    await turn()

    expect(log).toEqual(['b lost Error: 1 after 1', 'd lost Error: 3 after 2'])
    expect(queue.length).toBe(2)
  })
})

describe('WaitQueue.wait()', () => {
  test('takes nobody in whose signal has aborted already', async () => {
    const { queue, log, wait } = scene()

    wait('a', 0, AbortSignal.abort('gone'))
    await turn()

    expect(log).toEqual(['a lost gone'])
    expect(queue.length).toBe(0)
  })

  test('keeps the order of the others, whoever leaves in whatever way', async () => {
    const step = fc.oneof(
      fc.constant('wait' as const),
      fc.constant('serve' as const),
      fc.record({ abort: fc.nat(20) }),
      fc.record({ refuse: fc.nat(20) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { empties, queue, log, wait } = scene()
        const waiting: { readonly id: number; readonly controller: AbortController }[] = []
        const expected: string[] = []
        const controllers: AbortController[] = []
        let emptied = 0
        let served = 0
        for (const [id, action] of steps.entries()) {
          const before = waiting.length
          if (action === 'wait') {
            const controller = new AbortController()
            controllers.push(controller)
            waiting.push({ id, controller })
            wait(`${id}`, id, controller.signal)
          } else if (action === 'serve') {
            queue.serve(`${(served += 1)}`)
            const first = waiting.shift()
            if (first !== undefined) expected.push(`${first.id} got ${served}`)
          } else if ('abort' in action) {
            const [gone] = waiting.splice(action.abort, 1)
            gone?.controller.abort('aborted')
            if (gone !== undefined) expected.push(`${gone.id} lost aborted`)
          } else {
            const [gone] = waiting.splice(action.refuse, 1)
            queue.refuse(
              ({ since }) => since === gone?.id,
              () => new Error('no'),
            )
            if (gone !== undefined) expected.push(`${gone.id} lost Error: no`)
          }
          if (before > 0 && waiting.length === 0) emptied += 1
          await Promise.resolve()

          expect(queue.length).toBe(waiting.length)
          expect(queue.first?.since).toBe(waiting[0]?.id)
        }
        await turn()

        expect(log).toEqual(expected)
        expect(empties).toHaveLength(emptied)
        const listening = controllers.filter(
          ({ signal }) => getEventListeners(signal, 'abort').length > 0,
        )
        expect(listening).toHaveLength(waiting.length)
      }),
    )
  })
})
