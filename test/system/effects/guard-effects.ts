import { vi } from 'vitest'
import type { GuardedCall } from '../../../src/base/guard.ts'
import type { SettingsInput } from '../../../src/config/input.ts'
import type { GuardHandle } from '../../../src/system/guard-handle.ts'
import type { ModuleSystem } from '../../../src/system/module-system.ts'
import {
  delay,
  type EffectCase,
  type EffectCases,
  LONG_MS,
  outcomeOf,
  SHORT_MS,
  SLOW_MS,
  type SystemMaker,
} from './effect-case.ts'
import { until } from './loading-effects.ts'

const DONE = 'done'
const FAILED = 'failed'
const OPEN = 'SOMON_GUARD_OPEN'
const FULL = 'SOMON_GUARD_FULL'
const LIMITED = 'SOMON_GUARD_RATE_LIMITED'
const TIMEOUT = 'SOMON_GUARD_TIMEOUT'

/** What the settings of the stages do to a dependency that a program calls. */
export const guardEffects: EffectCases = {
  'guard.enabled': guarded(
    { breaker: { consecutive: 1 } },
    [
      [true, [FAILED, OPEN]],
      [false, [FAILED, DONE]],
    ],
    async ({ guard }) => [await failed(guard), await called(guard)],
  ),
  'guard.breaker.consecutive': guarded(
    {},
    [
      [2, 2],
      [4, 4],
    ],
    ({ guard }) => failuresUntilOpen(guard),
  ),
  'guard.breaker.failureRate': guarded(
    { breaker: { consecutive: 0, minCalls: 4 } },
    [
      [0.5, 'open'],
      [0.9, 'closed'],
    ],
    ({ guard }) => stateAfter(guard, [called, called, failed, failed]),
  ),
  'guard.breaker.minCalls': guarded(
    { breaker: { consecutive: 0 } },
    [
      [3, 'open'],
      [4, 'closed'],
    ],
    ({ guard }) => stateAfter(guard, [failed, failed, failed]),
  ),
  'guard.breaker.slowCallMs': guarded(
    { breaker: { minCalls: 1 } },
    [
      [0, 'closed'],
      [5, 'open'],
    ],
    ({ guard }) => stateAfter(guard, [slow]),
  ),
  'guard.breaker.slowRate': guarded(
    { breaker: { minCalls: 2, slowCallMs: 5 } },
    [
      [0.5, 'open'],
      [0.9, 'closed'],
    ],
    ({ guard }) => stateAfter(guard, [called, slow]),
  ),
  'guard.breaker.windowMs': guarded(
    {},
    [
      [1000, 0],
      [10_000, 1],
    ],
    ({ guard }) =>
      inMovedTime(async (advance) => {
        await failed(guard)
        advance(1000)
        return guard.snapshot()?.window.failure
      }),
  ),
  'guard.breaker.buckets': guarded(
    { breaker: { windowMs: 1000, consecutive: 0 } },
    [
      [1, 5],
      [10, 10],
    ],
    // Half a window later: one part of a window is forgotten as a whole, wherever it began.
    ({ guard, system }) =>
      inMovedTime(async (advance) => {
        let kept = 0
        for (let trial = 0; trial < 10; trial += 1) {
          system.actOnGuards('reset')
          await failed(guard)
          advance(500)
          kept += guard.snapshot()?.window.failure ?? 0
          advance(600)
        }
        return kept
      }),
  ),
  'guard.breaker.recoveryMs': guarded(
    { breaker: { open: { baseMs: 60_000, jitter: 0 } } },
    [
      [3000, 2000],
      [6000, 4000],
    ],
    ({ guard, system }) => openTime(guard, system, 1),
  ),
  'guard.breaker.open.baseMs': guarded(
    { breaker: { open: { jitter: 0 } } },
    [
      [1000, 1000],
      [3000, 3000],
    ],
    ({ guard, system }) => openTime(guard, system, 1),
  ),
  'guard.breaker.open.factor': guarded(
    { breaker: { open: { baseMs: 1000, jitter: 0 } } },
    [
      [2, 2000],
      [3, 3000],
    ],
    ({ guard, system }) => openTime(guard, system, 2),
  ),
  'guard.breaker.open.jitter': guarded(
    { breaker: { open: { baseMs: 5000 } } },
    [
      [0, 'as it was'],
      [0.9, 'shorter'],
    ],
    async ({ guard, system }) =>
      (await openTime(guard, system, 1)) === 5000 ? 'as it was' : 'shorter',
  ),
  'guard.breaker.halfOpen.probes': guarded(
    { breaker: { consecutive: 1, open: { baseMs: 1 }, halfOpen: { successes: 9 } } },
    [
      [1, 1],
      [3, 3],
    ],
    async ({ guard }) => {
      await halfOpen(guard)
      return started(guard, 5)
    },
  ),
  'guard.breaker.halfOpen.successes': guarded(
    { breaker: { consecutive: 1, open: { baseMs: 1 } } },
    [
      [1, 1],
      [3, 3],
    ],
    async ({ guard }) => {
      await halfOpen(guard)
      let probes = 0
      for (; guard.state !== 'closed'; probes += 1) await called(guard)
      return probes
    },
  ),
  'guard.breaker.halfOpen.maxMs': guarded(
    { breaker: { consecutive: 1, open: { baseMs: 1 } } },
    [
      [SHORT_MS, ['probe-timeout']],
      [LONG_MS, []],
    ],
    async ({ guard, system }) => {
      await halfOpen(guard)
      const reasons = new Set<string>()
      system.on('guard.transition', ({ to, reason }) => to === 'open' && reasons.add(reason))
      return held(guard, 1, async () => {
        await delay(SLOW_MS)
        return [...reasons]
      })
    },
  ),
  'guard.timeoutMs': guarded(
    {},
    [
      [SHORT_MS, TIMEOUT],
      [LONG_MS, DONE],
    ],
    ({ guard }) => slow(guard, SLOW_MS),
  ),
  'guard.abandonMs': guarded(
    { timeoutMs: SHORT_MS },
    [
      [SHORT_MS, 0],
      [LONG_MS, 1],
    ],
    ({ guard }) =>
      held(guard, 1, async () => {
        await delay(SLOW_MS)
        return guard.snapshot()?.inflight
      }),
  ),
  'guard.bulkhead.mode': guarded(
    { bulkhead: { max: 25, queue: 0 } },
    [
      ['fixed', 25],
      ['gradient2', 20],
      ['off', 30],
    ],
    ({ guard }) => started(guard, 30),
  ),
  'guard.bulkhead.max': guarded(
    { bulkhead: { queue: 0 } },
    [
      [2, 2],
      [4, 4],
    ],
    ({ guard }) => started(guard, 5),
  ),
  'guard.bulkhead.queue': guarded(
    { bulkhead: { max: 1, queueTimeoutMs: LONG_MS } },
    [
      [0, [0, FULL]],
      [1, [1, DONE]],
    ],
    ({ guard }) =>
      held(guard, 1, async (release) => {
        const waiting = called(guard)
        const queued = guard.snapshot()?.queued
        release()
        return [queued, await waiting]
      }),
  ),
  'guard.bulkhead.queueTimeoutMs': guarded(
    { bulkhead: { max: 1 } },
    [
      [SHORT_MS, FULL],
      [LONG_MS, DONE],
    ],
    ({ guard }) =>
      held(guard, 1, async (release) => {
        const waiting = called(guard)
        await delay(SLOW_MS)
        release()
        return waiting
      }),
  ),
  'guard.rate.perSecond': guarded(
    {},
    [
      [0, [DONE, DONE, DONE]],
      [1, [DONE, LIMITED, LIMITED]],
    ],
    ({ guard }) => Promise.all([called(guard), called(guard), called(guard)]),
  ),
  'guard.rate.burst': guarded(
    { rate: { perSecond: 1 } },
    [
      [1, [DONE, LIMITED, LIMITED]],
      [2, [DONE, DONE, LIMITED]],
    ],
    ({ guard }) => Promise.all([called(guard), called(guard), called(guard)]),
  ),
  'guard.rate.waitMs': guarded(
    { rate: { perSecond: 20, burst: 1 } },
    [
      [0, [DONE, LIMITED]],
      [LONG_MS, [DONE, DONE]],
    ],
    ({ guard }) => Promise.all([called(guard), called(guard)]),
  ),
  'guard.retry.max': guarded(
    { retry: { budget: 10 } },
    [
      [0, 1],
      [2, 3],
    ],
    ({ guard }) => attempts(guard),
  ),
  'guard.retry.budget': guarded(
    { retry: { max: 2, minPerSecond: 0 } },
    [
      [0, 1],
      [1, 2],
    ],
    ({ guard }) => attempts(guard),
  ),
  'guard.retry.minPerSecond': guarded(
    { retry: { max: 1, budget: 0 } },
    [
      [0, 1],
      [5, 2],
    ],
    ({ guard }) => attempts(guard),
  ),
}

/** What a case looks at: a guard, and the system that it belongs to. */
interface Scene {
  readonly guard: GuardHandle
  readonly system: ModuleSystem
}

/** A setting is given when the system is made, and to the running one: both have to show. */
function guarded(
  others: NonNullable<SettingsInput['guard']>,
  seen: EffectCase['seen'],
  observe: (scene: Scene) => Promise<unknown>,
): EffectCase {
  return {
    seen,
    async observe(_value, _fixture, make: SystemMaker) {
      await using system = make({ guard: others })
      return await observe({ guard: system.guard('payments'), system })
    },
  }
}

function called(guard: GuardHandle, call?: GuardedCall): Promise<string> {
  return outcomeOf(guard.call(() => 'answer', call))
}

async function failed(guard: GuardHandle): Promise<string> {
  const failure = new Error('refused')
  try {
    return await outcomeOf(guard.call(() => Promise.reject(failure)))
  } catch (error) {
    if (error === failure) return FAILED
    throw error
  }
}

function slow(guard: GuardHandle, ms = 20): Promise<string> {
  return outcomeOf(guard.call(() => delay(ms)))
}

async function failuresUntilOpen(guard: GuardHandle): Promise<number> {
  let failures = 0
  for (; guard.state === 'closed'; failures += 1) await failed(guard)
  return failures
}

async function stateAfter(
  guard: GuardHandle,
  calls: readonly ((guard: GuardHandle) => Promise<string>)[],
): Promise<string> {
  for (const call of calls) await call(guard)
  return guard.state
}

async function halfOpen(guard: GuardHandle): Promise<void> {
  await failed(guard)
  await until(() => guard.state === 'half-open')
}

/** How long the circuit stays open at the n-th opening in a row. */
async function openTime(
  guard: GuardHandle,
  system: ModuleSystem,
  times: number,
): Promise<number | undefined> {
  await called(guard)
  for (let at = 1; at < times; at += 1) {
    system.actOnGuards('open')
    system.actOnGuards('close')
  }
  system.actOnGuards('open')
  return guard.snapshot()?.openMs
}

/** Runs something while calls are running, which end after it or when it says so. */
async function held<T>(
  guard: GuardHandle,
  calls: number,
  run: (release: () => void) => Promise<T>,
): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const running = Array.from({ length: calls }, () => outcomeOf(guard.call(() => promise)))
  try {
    return await run(resolve)
  } finally {
    resolve()
    await Promise.all(running)
  }
}

/** How many of some calls start at once. */
function started(guard: GuardHandle, calls: number): Promise<number | undefined> {
  let count = 0
  const { promise, resolve } = Promise.withResolvers<void>()
  const running = Array.from({ length: calls }, () =>
    outcomeOf(
      guard.call(() => {
        count += 1
        return promise
      }),
    ),
  )
  const atOnce = count
  resolve()
  return Promise.all(running).then(() => atOnce)
}

/** How often a call that always fails is tried. */
async function attempts(guard: GuardHandle): Promise<number> {
  let count = 0
  const task = (): Promise<never> => {
    count += 1
    return Promise.reject(new Error('refused'))
  }
  await guard.call(task, { idempotent: true }).catch(() => {})
  return count
}

/** Puts the clock of the system forward by hand; its timers go on as they are. */
async function inMovedTime<T>(run: (advance: (ms: number) => void) => Promise<T>): Promise<T> {
  const { hrtime } = process
  let movedMs = 0
  const moved = vi.spyOn(process, 'hrtime').mockImplementation(() => {
    const [seconds, nanoseconds] = hrtime()
    const ms = nanoseconds / 1e6 + movedMs
    return [seconds + Math.floor(ms / 1e3), (ms % 1e3) * 1e6]
  })
  try {
    return await run((ms) => {
      movedMs += ms
    })
  } finally {
    moved.mockRestore()
  }
}
