import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { EventHub } from '../../src/base/events.ts'
import { Breaker, type BreakerExport } from '../../src/guard/breaker.ts'
import type { CircuitState, GuardEvents } from '../../src/guard/events.ts'
import type { Outcome, Verdict } from '../../src/guard/outcome.ts'
import type { BreakerSettings, GuardSettings } from '../../src/guard/settings.ts'
import type { Refusal, Ticket } from '../../src/guard/ticket.ts'
import { guardSettings } from './support/settings.ts'
import { timerClock } from './support/timer-clock.ts'

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

  describe('modes', () => {
    test('isolate() refuses until enable(), while the engine goes on beneath', () => {
      const { breaker } = breakerWith()
      breaker.open()
      breaker.isolate()
      vi.advanceTimersByTime(5000)

      expect(refused(breaker)).toMatchObject({ state: 'isolated', reason: 'isolated' })
      expect(breaker.state).toBe('half-open')

      breaker.enable()

      expect(breaker.admit().admitted).toBe(true)
    })

    test('isolate() leaves running calls alone: they count', () => {
      const { breaker } = breakerWith()
      const ticket = admitted(breaker)

      breaker.isolate()

      expect([ticket.report(verdict('ok')), breaker.counts().count('ok')]).toEqual([true, 1])
    })

    test('disable() admits and counts, and never opens', () => {
      const { breaker } = breakerWith()
      breaker.disable()

      fail(breaker, 50)

      expect([breaker.state, breaker.counts().failures]).toEqual(['closed', 50])
    })

    test('disable() admits over an open circuit', () => {
      const { breaker } = breakerWith()
      breaker.open()

      breaker.disable()

      expect(breaker.admit().admitted).toBe(true)
    })

    test('are told once each', () => {
      const { breaker, modes } = breakerWith()

      breaker.isolate()
      breaker.isolate()
      breaker.reset()

      expect(modes).toEqual(['isolated', 'auto'])
    })
  })

  describe('configure()', () => {
    test('opens a circuit that is ill by the new settings', () => {
      const { breaker } = breakerWith()
      fail(breaker, 3)

      breaker.configure(settingsOf({ consecutive: 3 }))

      expect(breaker.state).toBe('open')
    })

    test('shortens an open time above the new ceiling, without a transition', () => {
      const { breaker, transitions } = breakerWith()
      fail(breaker, 5)
      const { generation } = breaker

      breaker.configure(settingsOf({ recoveryMs: 3000 }))

      expect(breaker.snapshot()).toMatchObject({ retryAfterMs: 2000, openMs: 2000, generation })
      expect(vi.getTimerCount()).toBe(1)

      vi.advanceTimersByTime(2000)

      expect(breaker.state).toBe('half-open')
      expect(transitions.map(({ to }) => to)).toEqual(['open', 'half-open'])
    })

    test('lifts an isolation only where the mode itself changes', () => {
      const { breaker } = breakerWith()
      breaker.isolate()

      breaker.configure(settingsOf({ consecutive: 3 }))
      expect(breaker.mode).toBe('isolated')

      breaker.configure(settingsOf({}, 'disabled'))
      expect(breaker.mode).toBe('disabled')
    })

    test('keeps the samples', () => {
      const { breaker } = breakerWith()
      fail(breaker, 3)

      breaker.configure(settingsOf({ windowMs: 60_000, buckets: 6 }))

      expect(breaker.counts().failures).toBe(3)
    })
  })

  describe('import()', () => {
    test('goes on with what is left of the open time, and with the backoff', () => {
      const { breaker } = breakerWith()
      fail(breaker, 5)
      vi.advanceTimersByTime(1000)
      const exported = thawed(breaker.export())
      vi.advanceTimersByTime(1500)
      const { breaker: next, transitions } = breakerWith()

      next.import(exported)

      expect(refused(next)).toMatchObject({ reason: 'imported', retryAfterMs: 2500 })
      expect(transitions).toMatchObject([{ from: 'closed', to: 'open', reason: 'imported' }])

      vi.advanceTimersByTime(2500)
      admitted(next).report(verdict('failure'), new Error('no'))

      expect(next.snapshot()).toMatchObject({ attempt: 1, openMs: 10_000 })
    })

    test('takes up a half-open circuit as open with 1 ms left', () => {
      const { breaker } = breakerWith()
      halfOpen(breaker)
      const { breaker: next } = breakerWith()

      next.import(thawed(breaker.export()))

      expect(next.snapshot()).toMatchObject({ state: 'open', retryAfterMs: 1 })
    })

    test('is not misled by a clock that was set back', () => {
      const { breaker } = breakerWith()
      fail(breaker, 5)
      const exported = { ...breaker.export(), at: Date.now() + 86_400_000 }
      const { breaker: next } = breakerWith()

      next.import(exported)

      expect(next.snapshot().retryAfterMs).toBe(5000)
    })

    test('keeps to the ceiling of its own settings', () => {
      const { breaker } = breakerWith()
      fail(breaker, 5)
      const { breaker: next } = breakerWith({ recoveryMs: 3000 })

      next.import(breaker.export())

      expect(next.snapshot()).toMatchObject({ retryAfterMs: 2000, openMs: 2000 })
    })

    test('takes up window and mode', () => {
      const { breaker } = breakerWith()
      fail(breaker, 4)
      breaker.isolate()
      const { breaker: next } = breakerWith()

      next.import(thawed(breaker.export()))
      next.enable()
      fail(next, 1)

      expect([next.mode, next.state]).toEqual(['auto', 'open'])
    })

    test('closes an open circuit where the exported one was closed', () => {
      const { breaker } = breakerWith()
      const exported = breaker.export()
      breaker.open()

      breaker.import(exported)

      expect([breaker.state, vi.getTimerCount()]).toEqual(['closed', 0])
    })
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
    const breaker: Breaker = new Breaker(
      {
        ...parts,
        events: new EventHub<GuardEvents>(),
        onTransition: (to) => {
          if (breaker.state === to) seen.push(to)
        },
      },
      guardSettings(),
    )

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
})

function breakerWith(changes: Partial<BreakerSettings> = {}): {
  readonly breaker: Breaker
  readonly hub: EventHub<GuardEvents>
  readonly transitions: GuardEvents['guard.transition'][]
  readonly modes: string[]
} {
  const hub = new EventHub<GuardEvents>()
  const transitions: GuardEvents['guard.transition'][] = []
  const modes: string[] = []
  hub.on('guard.transition', (event) => void transitions.push(event))
  hub.on('guard.mode', ({ mode }) => void modes.push(mode))
  const parts = { owner: 'main', dependency: 'payments', events: hub, random: () => 0 }
  const breaker = new Breaker({ ...parts, clock: timerClock() }, settingsOf(changes))
  return { breaker, hub, transitions, modes }
}

function settingsOf(
  changes: Partial<BreakerSettings>,
  mode: GuardSettings['mode'] = 'auto',
): GuardSettings {
  return guardSettings(changes, { mode })
}

function admitted(breaker: Breaker): Ticket {
  const ticket = breaker.admit()
  if (!ticket.admitted) throw new Error(`refused: ${ticket.reason}`)
  return ticket
}

function refused(breaker: Breaker): Refusal {
  const refusal = breaker.admit()
  if (refusal.admitted) throw new Error('admitted')
  return refusal
}

function fail(breaker: Breaker, times: number, error: unknown = new Error('no')): void {
  for (let i = 0; i < times; i += 1) admitted(breaker).report(verdict('failure'), error)
}

function succeed(breaker: Breaker): boolean {
  const ticket = breaker.admit()
  return ticket.admitted && ticket.report(verdict('ok'))
}

/** One call every 10 ms; without an outcome it hangs for ever. */
function callOnce(breaker: Breaker, outcome: Outcome | undefined): void {
  const ticket = breaker.admit()
  if (ticket.admitted && outcome !== undefined) ticket.report(verdict(outcome), new Error('ill'))
  vi.advanceTimersByTime(10)
}

function halfOpen(breaker: Breaker): void {
  breaker.open()
  vi.advanceTimersByTime(5000)
}

function verdict(outcome: Outcome, retryAfterMs?: number): Verdict {
  return { outcome, slow: false, retryAfterMs }
}

function thawed(exported: BreakerExport): BreakerExport {
  return JSON.parse(JSON.stringify(exported))
}
