import { describe, expect, test } from 'vitest'
import { EventHub } from '../../src/base/events.ts'
import { BackgroundWrites } from '../../src/load/background-writes.ts'
import type { LoadEvents } from '../../src/load/events.ts'

describe('BackgroundWrites.settled()', () => {
  test('waits for everything, also for what is added meanwhile', async () => {
    const writes = new BackgroundWrites(new EventHub<LoadEvents>())
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const order: string[] = []
    writes.add(
      'first',
      first.promise.then(() => void order.push('first')),
    )

    const settled = writes.settled().then(() => void order.push('settled'))
    writes.add(
      'second',
      second.promise.then(() => void order.push('second')),
    )
    first.resolve()
    await new Promise(setImmediate)
    second.resolve()
    await settled

    expect(order).toEqual(['first', 'second', 'settled'])
  })

  test('turns a failure into an event', async () => {
    const hub = new EventHub<LoadEvents>()
    const told: unknown[] = []
    hub.on('artifact.store-failed', (payload) => told.push(payload))
    const writes = new BackgroundWrites(hub)
    const error = new Error('no room')

    writes.add('src/a.ts', Promise.reject(error))
    await writes.settled()

    expect(told).toEqual([{ subject: 'src/a.ts', error }])
  })
})
