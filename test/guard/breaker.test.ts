import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Breaker } from '../../src/guard/breaker.ts'
import {
  breakerWith,
  settingsOf,
  admitted,
  refused,
  fail,
  succeed,
  callOnce,
  halfOpen,
  verdict,
} from './support/breaker.ts'

describe('Breaker', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  describe('admit()', () => {
    test('needs no timer while the circuit is closed', () => {
      const { breaker } = breakerWith()

      fail(breaker, 4)

      expect([breaker.state, vi.getTimerCount()]).toEqual(['closed', 0])
    })

    test('is refused from the report that opens the circuit on', () => {
      const { breaker } = breakerWith()
      fail(breaker, 4)
      const ticket = admitted(breaker)

      ticket.report(verdict('failure'), new Error('no'))

      expect(refused(breaker)).toMatchObject({ state: 'open', reason: 'consecutive' })
    })

    test('says when to try again, and what failed', () => {
      const { breaker } = breakerWith()
      fail(breaker, 5, Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' }))

      vi.advanceTimersByTime(1200)

      expect(refused(breaker)).toMatchObject({
        retryAfterMs: 3800,
        lastFailure: { name: 'Error', code: 'UND_ERR_SOCKET', message: 'other side closed' },
      })
    })

    test('marks the first refusal after each transition', () => {
      const { breaker } = breakerWith({ halfOpen: { probes: 1, successes: 1, maxMs: 5000 } })
      breaker.open()

      expect([refused(breaker).isFirst, refused(breaker).isFirst]).toEqual([true, false])

      vi.advanceTimersByTime(5000)
      breaker.admit()

      expect([refused(breaker).isFirst, refused(breaker).isFirst]).toEqual([true, false])
    })

    test('counts what it refuses', () => {
      const { breaker } = breakerWith()
      breaker.open()

      breaker.admit()
      breaker.admit()

      expect(breaker.counts().count('refused')).toBe(2)
    })
  })

  describe('with a late result', () => {
    const turns: Record<string, (breaker: Breaker) => void> = {
      open: (breaker) => breaker.open(),
      'half-open': (breaker) => {
        breaker.open()
        vi.advanceTimersByTime(5000)
      },
      'open and close': (breaker) => {
        breaker.open()
        breaker.close()
      },
      reset: (breaker) => breaker.reset(),
      import: (breaker) => breaker.import(breaker.export()),
    }
    const cases = Object.entries(turns).flatMap(([name, turn]) =>
      (['ok', 'failure', 'timeout'] as const).map((outcome) => ({ name, turn, outcome })),
    )

    test.each(cases)('counts $outcome after $name for nothing', ({ turn, outcome }) => {
      const { breaker } = breakerWith({
        consecutive: 1,
        halfOpen: { probes: 1, successes: 1, maxMs: 5000 },
      })
      const ticket = admitted(breaker)
      turn(breaker)
      const before = breaker.snapshot()

      const counted = ticket.report(verdict(outcome), new Error('late'))

      expect([counted, ticket.isStale]).toEqual([false, true])
      expect(breaker.snapshot()).toEqual({ ...before, staleCount: 1 })
      expect(breaker.counts().calls).toBe(0)
    })
  })

  describe('half-open', () => {
    test('closes in the turn of the last success', () => {
      const { breaker } = breakerWith()
      halfOpen(breaker)
      admitted(breaker).report(verdict('ok'))

      expect(breaker.state).toBe('half-open')

      admitted(breaker).report(verdict('ok'))

      expect([breaker.state, breaker.counts().calls]).toEqual(['closed', 0])
    })

    test('opens in the turn of a failure, for longer, or for as long as it asks', () => {
      const { breaker } = breakerWith()
      halfOpen(breaker)

      admitted(breaker).report(verdict('failure'), new Error('no'))

      expect(breaker.snapshot()).toMatchObject({ state: 'open', attempt: 1, openMs: 10_000 })

      vi.advanceTimersByTime(10_000)
      admitted(breaker).report(verdict('overload', 15_000), new Error('busy'))

      expect(breaker.snapshot()).toMatchObject({ state: 'open', attempt: 2, openMs: 20_000 })
    })

    test('opens when a probe has no answer', () => {
      const { breaker, transitions } = breakerWith()
      halfOpen(breaker)
      admitted(breaker)

      vi.advanceTimersByTime(5000)

      expect(breaker.state).toBe('open')
      expect(transitions.at(-1)).toMatchObject({ from: 'half-open', reason: 'probe-timeout' })
    })

    test('closes for a dependency that is called every 20 s', () => {
      const { breaker } = breakerWith()
      fail(breaker, 5)
      let served = 0

      for (let call = 0; call < 30; call += 1) {
        vi.advanceTimersByTime(20_000)
        if (succeed(breaker)) served += 1
      }

      expect([served, breaker.state]).toEqual([30, 'closed'])
    })

    test('takes the next calls as probes at once after an ignored one', () => {
      const { breaker } = breakerWith({ halfOpen: { probes: 1, successes: 1, maxMs: 5000 } })
      halfOpen(breaker)
      admitted(breaker).report(verdict('ignored'))

      admitted(breaker).report(verdict('ok'))

      expect(breaker.state).toBe('closed')
    })
  })

  test('is closed within recoveryMs after the dependency is well, under steady calls', () => {
    const settings = fc.record({
      recoveryMs: fc.integer({ min: 1000, max: 20_000 }),
      baseMs: fc.integer({ min: 1, max: 30_000 }),
      factor: fc.double({ min: 1, max: 4, noNaN: true }),
      maxMs: fc.integer({ min: 60, max: 5000 }),
      probes: fc.integer({ min: 1, max: 3 }),
      successes: fc.integer({ min: 1, max: 4 }),
    })
    fc.assert(
      fc.property(settings, fc.nat({ max: 60_000 }), fc.boolean(), (chosen, illMs, hangs) => {
        const { recoveryMs, baseMs, factor, ...halfOpenSettings } = chosen
        const { breaker } = breakerWith({
          recoveryMs,
          open: { baseMs, factor, jitter: 0.2 },
          halfOpen: halfOpenSettings,
        })
        fail(breaker, 5)

        // Ill: every call that starts fails, or never answers.
        for (let ms = 0; ms < illMs; ms += 10) callOnce(breaker, hangs ? undefined : 'failure')
        let wellMs = 0
        while (breaker.state !== 'closed' && wellMs <= recoveryMs) {
          callOnce(breaker, 'ok')
          wellMs += 10
        }

        expect(breaker.state).toBe('closed')
        expect(wellMs).toBeLessThanOrEqual(recoveryMs)
        breaker.dispose()
      }),
      { numRuns: 60, endOnFailure: true },
    )
  })

  describe('the open time', () => {
    test('follows the hint of the sample that opens, not of those before', () => {
      const { breaker } = breakerWith()
      const { breaker: other } = breakerWith()
      fail(breaker, 4)
      admitted(breaker).report(verdict('overload', 9000), new Error('busy'))
      admitted(other).report(verdict('overload', 9000), new Error('busy'))
      fail(other, 4)

      expect([breaker.snapshot().openMs, other.snapshot().openMs]).toEqual([9000, 5000])
    })

    test('grows when the circuit opens again soon, and after close()', () => {
      const { breaker } = breakerWith()
      breaker.open()
      breaker.close()

      fail(breaker, 5)

      expect(breaker.snapshot()).toMatchObject({ attempt: 1, openMs: 10_000 })
    })

    test('begins anew after reset(), which forgets the last failure too', () => {
      const { breaker } = breakerWith()
      fail(breaker, 5)
      breaker.reset()

      expect(breaker.snapshot().lastFailure).toBeUndefined()

      fail(breaker, 5)

      expect(breaker.snapshot()).toMatchObject({ attempt: 0, openMs: 5000 })
    })
  })

  test('isRested once it was closed for as long as it was open', () => {
    const { breaker } = breakerWith()
    expect(breaker.isRested).toBe(true)

    breaker.open()
    expect(breaker.isRested).toBe(false)

    breaker.close()
    vi.advanceTimersByTime(4999)
    expect(breaker.isRested).toBe(false)

    vi.advanceTimersByTime(1)
    expect(breaker.isRested).toBe(true)

    breaker.isolate()
    expect(breaker.isRested).toBe(false)
  })

  test('dispose() leaves no timer of the engine and of its probes', () => {
    const { breaker } = breakerWith()
    const { breaker: probing } = breakerWith()
    breaker.open()
    halfOpen(probing)
    admitted(probing)

    breaker.dispose()
    probing.dispose()

    expect(vi.getTimerCount()).toBe(0)
  })

  test('dispose() is the end: nothing that still runs or is set opens it', () => {
    const { breaker, transitions } = breakerWith({ consecutive: 1 })
    const { breaker: open } = breakerWith({ consecutive: 1 })
    const running = admitted(breaker)
    open.open()
    const exported = open.export()

    breaker.dispose()
    const counted = running.report(verdict('failure'), new Error('late'))
    breaker.open()
    breaker.import(exported)
    open.dispose()
    open.configure(settingsOf({ recoveryMs: 3000 }))

    expect(counted).toBe(false)
    expect(transitions).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })
})
