import { describe, expect, test } from 'vitest'
import { FlightKeys } from '../../src/load/flight-keys.ts'

describe('FlightKeys.of()', () => {
  test('lets ordinary callers of one key share a flight', () => {
    const keys = new FlightKeys()

    expect(keys.of('a', 'k', false)).toBe(keys.of('a', 'k', false))
    expect(keys.of('a', 'k', false)).not.toBe(keys.of('b', 'other', false))
  })

  test('starts anew for a fresh request, for itself and for those after it', () => {
    const keys = new FlightKeys()
    const before = keys.of('a', 'k', false)

    const fresh = keys.of('a', 'k', true)

    expect(fresh).not.toBe(before)
    expect(keys.of('a', 'k', false)).toBe(fresh)
  })

  test('lets fresh requests of one synchronous run share, later ones not', async () => {
    const keys = new FlightKeys()

    const [first, second] = [keys.of('a', 'k', true), keys.of('a', 'k', true)]
    await Promise.resolve()
    const later = keys.of('a', 'k', true)

    expect(second).toBe(first)
    expect(later).not.toBe(first)
  })

  test('cuts one entry or all of them', () => {
    const keys = new FlightKeys()
    const [a, b] = [keys.of('a', 'ka', false), keys.of('b', 'kb', false)]

    keys.cut('a')
    const afterOne = [keys.of('a', 'ka', false), keys.of('b', 'kb', false)]
    keys.cutAll()
    const afterAll = [keys.of('a', 'ka', false), keys.of('b', 'kb', false)]

    expect(afterOne[0]).not.toBe(a)
    expect(afterOne[1]).toBe(b)
    expect(afterAll.some((key) => [a, b, ...afterOne].includes(key))).toBe(false)
  })
})
