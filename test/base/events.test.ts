import { describe, expect, test } from 'vitest'
import { EventHub } from '../../src/base/events.ts'

interface Events {
  'part.started': { readonly id: number }
  'part.ended': { readonly id: number }
}

describe('EventHub.on()', () => {
  test('calls listeners in order of subscription, with payload and name', () => {
    const hub = new EventHub<Events>()
    const log: unknown[] = []
    hub.on('part.started', (payload, name) => log.push(['first', payload, name]))
    hub.on('part.started', (payload, name) => log.push(['second', payload, name]))

    hub.channel('part.started').emit({ id: 1 })

    expect(log).toEqual([
      ['first', { id: 1 }, 'part.started'],
      ['second', { id: 1 }, 'part.started'],
    ])
  })

  test('calls the same function twice when it was subscribed twice', () => {
    const hub = new EventHub<Events>()
    let calls = 0
    const listener = (): void => void (calls += 1)
    hub.on('part.started', listener)
    const leave = hub.on('part.started', listener)

    hub.channel('part.started').emit({ id: 1 })
    leave()
    hub.channel('part.started').emit({ id: 2 })

    expect(calls).toBe(3)
  })

  test('returns a function that ends its own subscription and no other', () => {
    const hub = new EventHub<Events>()
    const log: string[] = []
    const again = (): void => void log.push('again')
    hub.on('part.started', again)
    hub.on('part.started', () => void log.push('between'))
    const leave = hub.on('part.started', again)

    leave()
    leave()
    hub.channel('part.started').emit({ id: 1 })

    expect(log).toEqual(['again', 'between'])
  })

  test('returns a function that harms nobody after clear()', () => {
    const hub = new EventHub<Events>()
    let calls = 0
    const leave = hub.on('part.started', () => {})
    hub.clear()
    hub.on('part.started', () => void (calls += 1))

    leave()
    hub.channel('part.started').emit({ id: 1 })

    expect(calls).toBe(1)
  })
})

describe('EventChannel', () => {
  test('tells whether anybody listens', () => {
    const hub = new EventHub<Events>()
    const channel = hub.channel('part.started')
    const seen = [channel.listened]

    const leave = hub.on('part.started', () => {})
    seen.push(channel.listened)
    leave()
    seen.push(channel.listened)
    hub.on('part.started', () => {})
    hub.clear()
    seen.push(channel.listened)

    expect(seen).toEqual([false, true, false, false])
  })

  test('is the same object for one name', () => {
    const hub = new EventHub<Events>()

    expect(hub.channel('part.started')).toBe(hub.channel('part.started'))
    expect(hub.channel('part.started')).not.toBe(hub.channel('part.ended'))
  })

  test('emit() reports what a listener throws and calls the others', () => {
    const reports: unknown[] = []
    const hub = new EventHub<Events>((error, name) => reports.push([error, name]))
    let calls = 0
    hub.on('part.started', () => {
      throw new Error('listener')
    })
    hub.on('part.started', () => void (calls += 1))

    hub.channel('part.started').emit({ id: 1 })

    expect(calls).toBe(1)
    expect(reports).toEqual([[new Error('listener'), 'part.started']])
  })

  test('emit() reports what the promise of a listener rejects with', async () => {
    const reports: unknown[] = []
    const hub = new EventHub<Events>((error, name) => reports.push([error, name]))
    // oxlint-disable-next-line typescript/no-misused-promises -- this mistake is what is tested
    hub.on('part.started', async () => {
      throw new Error('later')
    })

    hub.channel('part.started').emit({ id: 1 })
    await new Promise(setImmediate)

    expect(reports).toEqual([[new Error('later'), 'part.started']])
  })

  test('emit() warns of a faulty listener when nobody asked for its errors', async () => {
    const hub = new EventHub<Events>()
    const { promise, resolve } = Promise.withResolvers<Error>()
    process.once('warning', resolve)
    hub.on('part.started', () => {
      throw new Error('unheard')
    })

    hub.channel('part.started').emit({ id: 1 })

    await expect(promise).resolves.toMatchObject({
      code: 'SOMON_BASE_LISTENER',
      message: expect.stringMatching(/"part.started" threw: Error: unheard/) as string,
    })
  })

  test('emit() lets listeners come and go while it runs', () => {
    const hub = new EventHub<Events>()
    const log: string[] = []
    const leave = hub.on('part.started', () => {
      log.push('first')
      leave()
      hub.on('part.started', () => void log.push('new'))
    })
    hub.on('part.started', () => void log.push('second'))

    hub.channel('part.started').emit({ id: 1 })
    const during = [...log]
    hub.channel('part.started').emit({ id: 2 })

    expect(during).toEqual(['first', 'second'])
    expect(log.slice(2)).toEqual(['second', 'new'])
  })
})

describe('EventHub.listenerCount()', () => {
  test('counts the listeners of one event or of all', () => {
    const hub = new EventHub<Events>()
    hub.on('part.started', () => {})
    hub.on('part.started', () => {})
    hub.on('part.ended', () => {})

    expect(hub.listenerCount('part.started')).toBe(2)
    expect(hub.listenerCount()).toBe(3)
    expect(new EventHub<Events>().listenerCount('part.ended')).toBe(0)
  })
})
