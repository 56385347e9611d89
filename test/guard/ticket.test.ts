import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Breaker } from '../../src/guard/breaker.ts'
import { breakerWith, admitted, halfOpen, verdict } from './support/breaker.ts'

describe('Ticket', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  describe('a ticket', () => {
    test('counts once', () => {
      const { breaker } = breakerWith()
      const ticket = admitted(breaker)

      const counted = [ticket.report(verdict('failure')), ticket.report(verdict('failure'))]

      expect([counted, breaker.counts().failures]).toEqual([[true, false], 1])
    })

    test('withdraw() gives the place of a probe back and counts as refused', () => {
      const { breaker } = breakerWith({ halfOpen: { probes: 1, successes: 1, maxMs: 5000 } })
      halfOpen(breaker)

      admitted(breaker).withdraw()

      expect([breaker.counts().calls, breaker.counts().count('refused')]).toEqual([0, 1])
      expect(breaker.admit().admitted).toBe(true)
    })

    test('withdraw() does nothing after a report', () => {
      const { breaker } = breakerWith()
      const ticket = admitted(breaker)
      ticket.report(verdict('ok'))

      ticket.withdraw()

      expect(breaker.counts().count('refused')).toBe(0)
    })

    test('renew() is the ticket itself while nothing has changed', () => {
      const { breaker } = breakerWith()
      const ticket = admitted(breaker)

      expect(ticket.renew()).toBe(ticket)
    })

    test.each([
      ['open', (breaker: Breaker) => breaker.open()],
      ['isolated', (breaker: Breaker) => breaker.isolate()],
    ] as const)('renew() is a refusal once the circuit is %s', (state, act) => {
      const { breaker } = breakerWith()
      const ticket = admitted(breaker)
      act(breaker)

      expect(ticket.renew()).toMatchObject({ admitted: false, state })
    })

    test('renew() is a ticket that counts once the circuit has closed again', () => {
      const { breaker } = breakerWith()
      const ticket = admitted(breaker)
      breaker.reset()

      const renewed = ticket.renew()

      expect(renewed.admitted && renewed.report(verdict('ok'))).toBe(true)
      expect(ticket.report(verdict('ok'))).toBe(false)
      expect(breaker.counts().count('ok')).toBe(1)
    })
  })
})
