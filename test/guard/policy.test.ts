import { describe, expect, test } from 'vitest'
import type { Outcome } from '../../src/guard/outcome.ts'
import { tripReason } from '../../src/guard/policy.ts'
import { Window, type WindowCounts } from '../../src/guard/window.ts'
import { breakerSettings } from './support/settings.ts'

describe('tripReason()', () => {
  test.each([
    [4, undefined],
    [5, 'consecutive'],
  ])('with %i failures in a row of 5 is %s', (failures, reason) => {
    expect(tripReason(windowOf({ failure: failures }), breakerSettings())).toBe(reason)
  })

  test('counts failures of every kind alike', () => {
    const window = windowOf({ failure: 1, timeout: 2, overload: 2 })

    expect(tripReason(window, breakerSettings())).toBe('consecutive')
  })

  test('with consecutive 0 does not look at failures in a row', () => {
    const settings = breakerSettings({ consecutive: 0 })

    expect(tripReason(windowOf({ failure: 19 }), settings)).toBeUndefined()
    expect(tripReason(windowOf({ failure: 20 }), settings)).toBe('failure-rate')
  })

  test.each([
    [10, 9, undefined],
    [10, 10, 'failure-rate'],
    [11, 9, undefined],
    [9, 10, undefined],
  ])('with %i ok and then %i failures is %s', (ok, failure, reason) => {
    const settings = breakerSettings({ consecutive: 0 })

    expect(tripReason(windowOf({ ok, failure }), settings)).toBe(reason)
  })

  test('reaches a decimal rate exactly', () => {
    for (const [failure, ok, failureRate] of [
      [4, 1, 0.8],
      [3, 7, 0.3],
      [7, 3, 0.7],
      [1, 9, 0.1],
    ] as const) {
      const settings = breakerSettings({ consecutive: 0, minCalls: 5, failureRate })

      expect(tripReason(windowOf({ ok, failure }), settings)).toBe('failure-rate')
    }
  })

  test('is not diluted by ignored calls and refusals', () => {
    const settings = breakerSettings({ consecutive: 0 })
    const window = windowOf({ ok: 10, failure: 10, ignored: 50 }, { refused: 50 })

    expect(tripReason(window, settings)).toBe('failure-rate')
  })

  test('counts ignored calls and refusals not towards minCalls', () => {
    const settings = breakerSettings({ consecutive: 0 })
    const window = windowOf({ failure: 19, ignored: 50 }, { refused: 50 })

    expect(tripReason(window, settings)).toBeUndefined()
  })

  test('opens on slow successes where slowCallMs is set', () => {
    const window = windowOf({ ok: 20 }, { slow: 16 })
    const fewer = windowOf({ ok: 20 }, { slow: 15 })

    expect(tripReason(window, breakerSettings())).toBeUndefined()
    expect(tripReason(window, breakerSettings({ slowCallMs: 1 }))).toBe('slow-rate')
    expect(tripReason(fewer, breakerSettings({ slowCallMs: 1 }))).toBeUndefined()
  })

  test('names the first rule that holds: in a row, failed, slow', () => {
    const all = windowOf({ failure: 20 }, { slow: 20 })

    expect(tripReason(all, breakerSettings({ slowCallMs: 1 }))).toBe('consecutive')
    expect(tripReason(all, breakerSettings({ slowCallMs: 1, consecutive: 0 }))).toBe('failure-rate')
  })

  test('never opens on an empty window, even with minCalls 0', () => {
    expect(tripReason(windowOf({}), breakerSettings({ minCalls: 0 }))).toBeUndefined()
  })
})

function windowOf(
  outcomes: Partial<Record<Outcome, number>>,
  { slow = 0, refused = 0 } = {},
): WindowCounts {
  const window = new Window({ windowMs: 1000, buckets: 1 }, 0)
  let slowLeft = slow
  for (const [outcome, count] of Object.entries(outcomes)) {
    for (let i = 0; i < count; i += 1) {
      window.add({ outcome: outcome as Outcome, slow: slowLeft > 0, retryAfterMs: undefined }, 0)
      slowLeft -= 1
    }
  }
  for (let i = 0; i < refused; i += 1) window.refuse(0)
  return window.read(0)
}
