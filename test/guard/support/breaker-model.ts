import * as fc from 'fast-check'
import { expect, vi } from 'vitest'
import { EventHub } from '../../../src/base/events.ts'
import type { BreakerExport } from '../../../src/guard/breaker-export.ts'
import { Breaker } from '../../../src/guard/breaker.ts'
import type { GuardEvents } from '../../../src/guard/events.ts'
import type { Outcome, Verdict } from '../../../src/guard/outcome.ts'
import type { GuardSettings } from '../../../src/guard/settings.ts'
import type { Refusal, Ticket } from '../../../src/guard/ticket.ts'
import type { WindowCounts } from '../../../src/guard/window.ts'
import {
  ReferenceBreaker,
  type ReferenceExport,
  type ReferenceTicket,
} from './reference-breaker.ts'
import { guardSettings } from './settings.ts'
import { timerClock } from './timer-clock.ts'

/** Small numbers, so that short histories reach every corner; all durations are whole. */
const PROFILES: readonly GuardSettings[] = [
  guardSettings({
    consecutive: 2,
    recoveryMs: 1200,
    windowMs: 1000,
    open: { baseMs: 100, factor: 2, jitter: 0.2 },
    halfOpen: { probes: 1, successes: 2, maxMs: 5000 },
  }),
  guardSettings({
    consecutive: 0,
    minCalls: 3,
    recoveryMs: 600,
    windowMs: 500,
    buckets: 3,
    open: { baseMs: 50, factor: 3, jitter: 0 },
    halfOpen: { probes: 3, successes: 1, maxMs: 60 },
  }),
  guardSettings({
    consecutive: 3,
    minCalls: 2,
    slowCallMs: 50,
    slowRate: 0.5,
    recoveryMs: 3000,
    windowMs: 300,
    buckets: 4,
    open: { baseMs: 200, factor: 1.5, jitter: 0.9 },
    halfOpen: { probes: 2, successes: 3, maxMs: 100 },
  }),
  guardSettings(
    { consecutive: 1, recoveryMs: 240, open: { baseMs: 1000, factor: 2, jitter: 0.5 } },
    { mode: 'disabled' },
  ),
  guardSettings({ consecutive: 1, recoveryMs: 240, windowMs: 20_000 }),
]

type Step =
  | { readonly do: 'finish'; readonly pick: number; readonly verdict: Verdict }
  | { readonly do: 'withdraw' | 'renew'; readonly pick: number }
  | { readonly do: 'record'; readonly back: number; readonly hintMs: number | undefined }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'configure'; readonly profile: number }
  | { readonly do: 'start' | 'export' | 'import' | Act }
type Act = (typeof ACTS)[number]

const ACTS = ['reset', 'close', 'open', 'isolate', 'disable', 'enable'] as const

const pick = fc.nat({ max: 9 })
const verdict: fc.Arbitrary<Verdict> = fc.record({
  outcome: fc.constantFrom<Outcome>(
    'ok',
    'ok',
    'failure',
    'failure',
    'timeout',
    'overload',
    'ignored',
  ),
  slow: fc.oneof(
    { weight: 5, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
  retryAfterMs: fc.option(fc.nat({ max: 2000 }), { nil: undefined, freq: 5 }),
})
const simple = (...names: ('start' | 'export' | 'import' | Act)[]): fc.Arbitrary<Step> =>
  fc.constantFrom(...names).map((name) => ({ do: name }))
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 9, arbitrary: simple('start') },
  { weight: 9, arbitrary: fc.record({ do: fc.constant('finish' as const), pick, verdict }) },
  {
    weight: 7,
    arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.nat({ max: 400 }) }),
  },
  { weight: 3, arbitrary: simple('reset', 'close', 'open') },
  { weight: 2, arbitrary: simple('isolate', 'disable', 'enable', 'enable') },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('withdraw' as const, 'renew' as const), pick }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('record' as const),
      back: fc.nat({ max: 1 }),
      hintMs: fc.option(fc.nat({ max: 2000 }), { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: simple('export', 'import') },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('configure' as const),
      profile: fc.nat({ max: PROFILES.length - 1 }),
    }),
  },
)

/** A random life of a breaker. */
export const breakerLife = fc.record({
  profile: fc.nat({ max: PROFILES.length - 1 }),
  seed: fc.nat({ max: 1000 }),
  steps: fc.array(step, { maxLength: 50, size: 'max' }),
})

type Life = typeof breakerLife extends fc.Arbitrary<infer T> ? T : never

/**
 * Plays a life on a breaker and on the reference, and compares them after each step.
 *
 * Needs vitest's fake timers: the engine's own timer cannot be injected.
 */
export function playLife({ profile, seed, steps }: Life): void {
  const rig = new Rig(profileAt(profile), seed)
  try {
    for (const one of steps) {
      rig.play(one)
      expect(rig.actual()).toEqual(rig.expected())
    }
  } finally {
    rig.breaker.dispose()
  }
  expect(vi.getTimerCount()).toBe(0)
}

/** One breaker beside its reference, with the calls that run on both. */
class Rig {
  readonly breaker: Breaker
  readonly #reference: ReferenceBreaker
  readonly #running: { actual: Ticket; expected: ReferenceTicket }[] = []
  #exported: { actual: BreakerExport; expected: ReferenceExport } | undefined
  #lastAnswer: { readonly actual: unknown; readonly expected: unknown } | undefined

  constructor(settings: GuardSettings, seed: number) {
    const events = new EventHub<GuardEvents>()
    const parts = { owner: 'main', dependency: 'payments', events, clock: timerClock() }
    this.breaker = new Breaker({ ...parts, random: randomFrom(seed) }, settings)
    this.#reference = new ReferenceBreaker(settings, randomFrom(seed))
  }

  play(one: Step): void {
    this.#lastAnswer = undefined
    switch (one.do) {
      case 'start':
        this.#admitted(this.breaker.admit(), this.#reference.admit())
        break
      case 'finish':
      case 'withdraw':
      case 'renew':
        this.#end(one)
        break
      case 'record':
        this.#record(one)
        break
      case 'advance':
        vi.advanceTimersByTime(one.ms)
        this.#reference.advance(one.ms)
        break
      case 'configure':
        this.breaker.configure(profileAt(one.profile))
        this.#reference.configure(profileAt(one.profile))
        break
      case 'export':
        this.#exported = {
          actual: thawed(this.breaker.export()),
          expected: this.#reference.export(),
        }
        break
      case 'import':
        if (this.#exported === undefined) break
        this.breaker.import(this.#exported.actual)
        this.#reference.import(this.#exported.expected)
        break
      case 'reset':
      case 'close':
      case 'open':
      case 'isolate':
      case 'disable':
      case 'enable':
        this.breaker[one.do]()
        actOnReference(this.#reference, one.do)
    }
  }

  /** A call that ended well in this generation, or in the one before, has failed after all. */
  #record({ back, hintMs }: Step & { readonly do: 'record' }): void {
    const generation = this.breaker.generation - back
    const failed: Verdict = { outcome: 'failure', slow: false, retryAfterMs: hintMs }
    this.#lastAnswer = {
      actual: this.breaker.recordFailure(failed, new Error('late'), generation),
      expected: this.#reference.recordFailure(failed, generation),
    }
  }

  actual(): unknown {
    const { state, mode, generation, reason, retryAfterMs, attempt, openMs, staleCount } =
      this.breaker.snapshot()
    const window = plain(this.breaker.counts())
    const shown = { state, mode, generation, reason, retryAfterMs, attempt, openMs, staleCount }
    return { ...shown, window, answer: this.#lastAnswer?.actual }
  }

  expected(): unknown {
    const { state, mode, generation, reason, remainingMs, attempt, lastOpenMs, staleCount, now } =
      this.#reference
    const window = plain(this.#reference.window.read(now))
    const shown = { state, mode, generation, reason, attempt, staleCount, window }
    const times = { retryAfterMs: remainingMs, openMs: lastOpenMs }
    return { ...shown, ...times, answer: this.#lastAnswer?.expected }
  }

  #admitted(actual: Ticket | Refusal, expected: ReferenceTicket | string): void {
    const { openReason, remainingMs } = this.#reference
    this.#lastAnswer = {
      actual: actual.admitted
        ? { isProbe: actual.isProbe, generation: actual.generation }
        : [actual.state, actual.reason, actual.retryAfterMs ?? 0],
      expected:
        typeof expected === 'string'
          ? [
              expected,
              expected === 'isolated' ? expected : openReason,
              expected === 'open' ? remainingMs : 0,
            ]
          : expected,
    }
    if (actual.admitted && typeof expected !== 'string') this.#running.push({ actual, expected })
  }

  #end(one: Step & { readonly do: 'finish' | 'withdraw' | 'renew' }): void {
    if (this.#running.length === 0) return
    const [call] = this.#running.splice(one.pick % this.#running.length, 1)
    if (call === undefined) return
    const { actual, expected } = call
    if (one.do === 'finish') {
      actual.report(one.verdict, new Error('from the model'))
      this.#reference.finish(expected, one.verdict)
    } else if (one.do === 'withdraw') {
      actual.withdraw()
      this.#reference.withdraw(expected)
    } else {
      this.#admitted(actual.renew(), this.#reference.renew(expected))
    }
  }
}

function actOnReference(reference: ReferenceBreaker, act: Act): void {
  if (act === 'isolate') reference.mode = 'isolated'
  else if (act === 'disable') reference.mode = 'disabled'
  else if (act === 'enable') reference.mode = 'auto'
  else reference[act]()
}

function profileAt(index: number): GuardSettings {
  return PROFILES[index] ?? guardSettings()
}

/** As the export comes back from a disk or another thread. */
function thawed(exported: BreakerExport): BreakerExport {
  return JSON.parse(JSON.stringify(exported))
}

function plain(counts: WindowCounts): unknown {
  const { consecutive, calls, failures } = counts
  const [slow, refused, ignored] = (['slow', 'refused', 'ignored'] as const).map((column) =>
    counts.count(column),
  )
  return { consecutive, calls, failures, slow, refused, ignored }
}

/** A linear congruential generator: both sides have to ask equally often. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296
  }
}
