import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OpenTime } from '../../src/guard/open-time.ts'
import { openMaxMs, type BreakerSettings } from '../../src/guard/settings.ts'
import { breakerSettings } from './support/settings.ts'

describe('OpenTime.next()', () => {
  test('grows by the factor up to the ceiling while the circuit does not close', () => {
    const openTime = steady()

    expect([1, 2, 3, 4, 5].map((at) => openTime.next(at))).toEqual([
      5000, 10_000, 20_000, 20_000, 20_000,
    ])
  })

  test('goes on where it was when the circuit was closed for less than it was open', () => {
    const openTime = steady()
    openTime.next(0)
    openTime.closed(5000)

    expect(openTime.next(9999)).toBe(10_000)
    expect(openTime.attempt).toBe(1)
  })

  test('begins anew when the circuit was closed for as long as it was open', () => {
    const openTime = steady()
    openTime.next(0)
    openTime.closed(5000)

    expect(openTime.next(10_000)).toBe(5000)
    expect(openTime.attempt).toBe(0)
  })

  test('begins anew after forget()', () => {
    const openTime = steady()
    openTime.next(0)
    openTime.next(1)
    openTime.closed(2)

    openTime.forget()

    expect(openTime.next(3)).toBe(5000)
  })

  test('takes off the random share', () => {
    const openTime = new OpenTime(
      () => breakerSettings(),
      () => 0.5,
      0,
    )

    expect(openTime.next(0)).toBe(4500)
  })

  test('is lengthened by a hint, up to the ceiling, never shortened', () => {
    expect(steady().next(0, 7000)).toBe(7000)
    expect(steady().next(0, 3000)).toBe(5000)
    expect(steady().next(0, 60_000)).toBe(20_000)
  })

  test('clamps a base above the ceiling', () => {
    const settings = breakerSettings({ open: { baseMs: 90_000, factor: 2, jitter: 0 } })

    expect(
      new OpenTime(
        () => settings,
        () => 0,
        0,
      ).next(0),
    ).toBe(20_000)
  })

  test('follows settings that change', () => {
    let settings = breakerSettings()
    const openTime = new OpenTime(
      () => settings,
      () => 0,
      0,
    )
    openTime.next(0)

    settings = breakerSettings({ open: { baseMs: 100, factor: 3, jitter: 0 } })

    expect(openTime.next(1)).toBe(300)
  })

  test('is a whole number from 1 to the ceiling, whatever the settings and however often', () => {
    fc.assert(
      fc.property(
        fc.record({
          recoveryMs: fc.integer({ min: 1000, max: 2 ** 31 - 1 }),
          maxMs: fc.integer({ min: 1, max: 60_000 }),
          baseMs: fc.integer({ min: 1, max: 100_000 }),
          factor: fc.double({ min: 1, max: 1000, noNaN: true }),
          jitter: fc.double({ min: 0, max: 1, noNaN: true }),
          random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
          hintMs: fc.option(fc.integer({ min: 0 }), { nil: undefined }),
          times: fc.integer({ min: 1, max: 400 }),
        }),
        ({ recoveryMs, maxMs, baseMs, factor, jitter, random, hintMs, times }) => {
          const settings: BreakerSettings = breakerSettings({
            recoveryMs,
            open: { baseMs, factor, jitter },
            halfOpen: { probes: 1, successes: 1, maxMs },
          })
          const openTime = new OpenTime(
            () => settings,
            () => random,
            0,
          )

          let openMs = 0
          for (let i = 0; i < times; i += 1) openMs = openTime.next(i, hintMs)

          expect(Number.isInteger(openMs)).toBe(true)
          expect(openMs).toBeGreaterThanOrEqual(1)
          expect(openMs).toBeLessThanOrEqual(openMaxMs(settings))
        },
      ),
    )
  })
})

describe('OpenTime.export()', () => {
  test('is taken up with its memory', () => {
    const openTime = steady()
    openTime.next(0)
    openTime.next(1)
    openTime.closed(10)
    const exported = openTime.export(25)
    const other = steady()

    other.restore(exported, 1000 - exported.closedForMs)

    expect(exported).toEqual({ attempt: 1, lastOpenMs: 10_000, closedForMs: 15 })
    expect(other.next(1000)).toBe(20_000)
  })
})

function steady(): OpenTime {
  return new OpenTime(
    () => breakerSettings(),
    () => 0,
    0,
  )
}
