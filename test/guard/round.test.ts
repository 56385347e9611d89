import { describe, expect, test } from 'vitest'
import { systemClock, type Clock } from '../../src/base/clock.ts'
import type { Outcome, Verdict } from '../../src/guard/outcome.ts'
import { ProbeRound } from '../../src/guard/round.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { breakerSettings } from './support/settings.ts'

describe('ProbeRound', () => {
  test('admit() admits so many at once, and another when one has ended', () => {
    const { round } = roundOf({ probes: 2, successes: 9 })
    const first = round.admit()
    round.admit()

    expect(round.admit()).toBeUndefined()

    first?.(verdict('ok'))

    expect(round.admit()).toBeDefined()
  })

  test('admit() sets no limit on the total, so more successes than probes are reached', () => {
    const { round, decided } = roundOf({ probes: 1, successes: 5 })

    for (let i = 0; i < 4; i += 1) round.admit()?.(verdict('ok'))
    expect(decided).toEqual([])

    round.admit()?.(verdict('ok'))
    expect(decided).toEqual([['probes-succeeded', undefined]])
  })

  test('an ignored probe gives its place back and counts for nothing', () => {
    const { round, decided } = roundOf({ probes: 1, successes: 1 })

    round.admit()?.(verdict('ignored'))

    expect(decided).toEqual([])
    expect(round.admit()).toBeDefined()
  })

  test.each(['failure', 'timeout', 'overload'] as const)('%s fails it at once', (outcome) => {
    const { round, decided, clock } = roundOf()
    round.admit()
    const probe = round.admit()

    probe?.(verdict(outcome, { retryAfterMs: 70 }))

    expect(decided).toEqual([['probe-failed', 70]])
    expect([round.admit(), clock.pending]).toEqual([undefined, 0])
  })

  test('a slow success fails it', () => {
    const { round, decided } = roundOf({ successes: 1 })

    round.admit()?.(verdict('ok', { slow: true }))

    expect(decided).toEqual([['probe-failed', undefined]])
  })

  test('a probe without an answer fails it after its deadline', async () => {
    const { round, decided, clock } = roundOf({ maxMs: 100 })
    round.admit()

    await clock.advance(99)
    expect(decided).toEqual([])

    await clock.advance(1)
    expect(decided).toEqual([['probe-timeout', undefined]])
  })

  test('an answer that came while the process stood still counts before the deadline', async () => {
    const { round, decided } = roundWith(systemClock, { maxMs: 10, successes: 1 })
    const probe = round.admit()
    const { port1, port2 } = new MessageChannel()
    const over = new Promise<void>((resolve) => {
      port1.on('message', () => {
        probe?.(verdict('ok'))
        resolve()
      })
    })
    await new Promise(setImmediate)

    port2.postMessage('an answer')
    const until = performance.now() + 50
    while (performance.now() < until);
    await over
    port1.close()

    expect(decided).toEqual([['probes-succeeded', undefined]])
  })

  test('has no deadline of its own: a circuit that is called seldom closes as well', async () => {
    const { round, decided, clock } = roundOf({ maxMs: 100, successes: 2 })
    round.admit()?.(verdict('ok'))

    await clock.advance(20_000)
    round.admit()?.(verdict('ok'))

    expect(decided).toEqual([['probes-succeeded', undefined]])
  })

  test('a probe counts once', () => {
    const { round, decided } = roundOf({ probes: 1, successes: 2 })
    const probe = round.admit()

    probe?.(verdict('ok'))
    probe?.(verdict('ok'))

    expect(decided).toEqual([])
  })

  test('cancel() leaves no timer and no effect', async () => {
    const { round, decided, clock } = roundOf()
    const probe = round.admit()
    round.admit()

    round.cancel()
    probe?.(verdict('failure'))
    await clock.advance(60_000)

    expect([clock.pending, decided, round.admit()]).toEqual([0, [], undefined])
  })
})

function roundOf(halfOpen?: HalfOpen): Rig & { readonly clock: FakeClock } {
  const clock = new FakeClock()
  return { ...roundWith(clock, halfOpen), clock }
}

interface HalfOpen {
  readonly probes?: number
  readonly successes?: number
  readonly maxMs?: number
}

interface Rig {
  readonly round: ProbeRound
  readonly decided: unknown[]
}

function roundWith(clock: Clock, halfOpen: HalfOpen = {}): Rig {
  const decided: unknown[] = []
  const settings = breakerSettings({
    halfOpen: { probes: 3, successes: 2, maxMs: 5000, ...halfOpen },
  })
  const round = new ProbeRound({
    clock,
    settings: () => settings,
    onDecided: (result, hintMs) => decided.push([result, hintMs]),
  })
  return { round, decided }
}

function verdict(outcome: Outcome, more: Partial<Verdict> = {}): Verdict {
  return { outcome, slow: false, retryAfterMs: undefined, ...more }
}
