import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { EventHub } from '../../src/base/events.ts'
import { Breaker } from '../../src/guard/breaker.ts'
import type { CircuitState, GuardEvents } from '../../src/guard/events.ts'
import { breakerWith, fail, succeed, halfOpen } from './support/breaker.ts'
import { guardSettings } from './support/settings.ts'
import { timerClock } from './support/timer-clock.ts'

describe('the log of a breaker', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  describe('guard.transition', () => {
    test('tells each change with its reason', () => {
      const { breaker, transitions } = breakerWith()
      fail(breaker, 5, Object.assign(new Error('no'), { code: 'ECONNREFUSED' }))
      vi.advanceTimersByTime(5000)
      succeed(breaker)
      succeed(breaker)

      expect(transitions).toMatchObject([
        {
          owner: 'main',
          dependency: 'payments',
          from: 'closed',
          to: 'open',
          reason: 'consecutive',
          generation: 1,
          openMs: 5000,
          attempt: 0,
          lastFailure: { code: 'ECONNREFUSED' },
        },
        { from: 'open', to: 'half-open', reason: 'open-time-over', generation: 2, openMs: 0 },
        { from: 'half-open', to: 'closed', reason: 'probes-succeeded', generation: 3 },
      ])
    })

    test('has listeners that may act on the breaker', () => {
      const told: CircuitState[] = []
      const { breaker, hub } = breakerWith()
      hub.on('guard.transition', ({ to }) => {
        told.push(to)
        if (to === 'open') breaker.reset()
      })

      fail(breaker, 5)

      expect([told, breaker.state, vi.getTimerCount()]).toEqual([['open', 'closed'], 'closed', 0])
    })
  })

  test('onTransition is called in the new state', () => {
    const seen: CircuitState[] = []
    const parts = { owner: 'main', dependency: 'payments', random: () => 0, clock: timerClock() }
    const events = new EventHub<GuardEvents>()
    const breaker: Breaker = new Breaker({ ...parts, events }, guardSettings(), (to) => {
      if (breaker.state === to) seen.push(to)
    })

    halfOpen(breaker)
    breaker.close()

    expect(seen).toEqual(['open', 'half-open', 'closed'])
  })

  test('snapshot() says since when the state holds', () => {
    const { breaker } = breakerWith()
    const made = Date.now()
    vi.advanceTimersByTime(300)
    expect(breaker.snapshot().since).toBe(made)

    breaker.open()
    vi.advanceTimersByTime(6000)

    expect(breaker.snapshot().since).toBe(made + 5300)
  })
})
