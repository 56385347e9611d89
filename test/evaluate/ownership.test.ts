import { hasSubscribers } from 'node:diagnostics_channel'
import { describe, expect, test } from 'vitest'
import { Ownership } from '../../src/evaluate/ownership.ts'

const CHANNEL = 'tracing:net.server.listen:asyncStart'

describe('Ownership.close()', () => {
  test('close() ends what own() has subscribed to', () => {
    const listenersBefore = process.listenerCount('newListener')
    const ownership = new Ownership('report')

    const owned = ownership.own('/a.ts?g=1')
    const during = [hasSubscribers(CHANNEL), process.listenerCount('newListener')]
    ownership.close()

    expect(owned?.token).toEqual({ filename: '/a.ts?g=1' })
    expect(during).toEqual([true, listenersBefore + 1])
    expect(hasSubscribers(CHANNEL)).toBe(false)
    expect(process.listenerCount('newListener')).toBe(listenersBefore)
  })

  test('own() after close() opens no ledger and subscribes to nothing', () => {
    const listenersBefore = process.listenerCount('newListener')
    const ownership = new Ownership('report')

    ownership.close()
    const owned = ownership.own('/a.ts?g=2')

    expect(owned).toBeUndefined()
    expect(hasSubscribers(CHANNEL)).toBe(false)
    expect(process.listenerCount('newListener')).toBe(listenersBefore)
  })
})
