import { hasSubscribers } from 'node:diagnostics_channel'
import { describe, expect, test } from 'vitest'
import { Ownership } from '../../src/evaluate/ownership.ts'

const CHANNEL = 'tracing:net.server.listen:asyncStart'

describe('Ownership.close()', () => {
  test('close() ends what own() has subscribed to', () => {
    const listenersBefore = process.listenerCount('newListener')
    const ownership = new Ownership('report')

    const owned = ownership.own('/a.ts?g=1', 'a.ts')
    const during = [hasSubscribers(CHANNEL), process.listenerCount('newListener')]
    ownership.close()

    expect(owned?.token).toEqual({ filename: '/a.ts?g=1', module: 'a.ts' })
    expect(during).toEqual([true, listenersBefore + 1])
    expect(hasSubscribers(CHANNEL)).toBe(false)
    expect(process.listenerCount('newListener')).toBe(listenersBefore)
  })

  test('own() after close() opens no ledger and subscribes to nothing', () => {
    const listenersBefore = process.listenerCount('newListener')
    const ownership = new Ownership('report')

    ownership.close()
    const owned = ownership.own('/a.ts?g=2', 'a.ts')

    expect(owned).toBeUndefined()
    expect(hasSubscribers(CHANNEL)).toBe(false)
    expect(process.listenerCount('newListener')).toBe(listenersBefore)
  })
})

describe('Ownership.ownerNow()', () => {
  test.for(['dispose', 'off'] as const)('names the module in the mode "%s"', async (mode) => {
    const ownership = new Ownership(mode)
    const owned = ownership.own('/a.ts?g=3', 'a.ts')

    const seen = ownership.run(owned?.token, async () => {
      await Promise.resolve()
      return ownership.ownerNow()
    })

    expect([await seen, ownership.ownerNow()]).toEqual(['a.ts', undefined])
    expect(owned?.ledger === undefined).toBe(mode === 'off')
    ownership.close()
  })
})
