import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type CircuitBreakerPolicy,
  circuitBreaker,
  handleAll,
  SamplingBreaker,
  timeout,
  TimeoutStrategy,
  wrap,
} from 'cockatiel'
// @ts-expect-error @types/opossum are of an older version
import opossum from 'opossum'
import { systemClock } from '../src/base/clock.ts'
import { EventHub } from '../src/base/events.ts'
import { DependencyGuard } from '../src/guard/dependency-guard.ts'
import type { GuardEvents } from '../src/guard/events.ts'
import type { Nesting } from '../src/guard/nesting.ts'
import type { GuardSettings } from '../src/guard/settings.ts'

/** Longer than any measurement, so that no sample leaves a window meanwhile. */
const WINDOW_MS = 3_600_000
const TIMEOUT_MS = 10_000

/** What stands before the measured task. */
export interface Guarded<T> {
  call(): Promise<T>
  open(): void
}

/** Calls often enough for compiled code: a block of the harness alone would measure the rest. */
export async function warmUp(call: () => Promise<unknown>, count = 20_000): Promise<void> {
  for (let at = 0; at < count; at += 1) await call()
}

const SHIPPED: GuardSettings = {
  mode: 'auto',
  breaker: {
    ...{ consecutive: 5, failureRate: 0.5, minCalls: 20, slowCallMs: 0, slowRate: 0.8 },
    ...{ windowMs: 10_000, buckets: 10, recoveryMs: 30_000 },
    open: { baseMs: 5000, factor: 2, jitter: 0.2 },
    halfOpen: { probes: 3, successes: 2, maxMs: 5000 },
  },
  ...{ timeoutMs: TIMEOUT_MS, bodyIdleMs: 30_000, abandonMs: 5000 },
  bulkhead: { mode: 'fixed', max: 64, queue: 128, queueTimeoutMs: 500 },
  rate: { perSecond: 0, burst: 0, waitMs: 0 },
  retry: { max: 0, budget: 0.2, minPerSecond: 1 },
  ignore: [],
}

/** The rules that would open the circuit are off, and what is open stays so. */
const SETTINGS: GuardSettings = {
  ...SHIPPED,
  breaker: {
    ...SHIPPED.breaker,
    ...{ consecutive: 0, failureRate: 1, minCalls: Number.MAX_SAFE_INTEGER },
    ...{ windowMs: WINDOW_MS, recoveryMs: 2_000_000 },
    open: { baseMs: 1_000_000, factor: 2, jitter: 0 },
  },
}

/** Makes many of one kind, each for its own dependency; opened and closed again if asked for. */
export function manyGuards(
  kind: 'opossum' | 'cockatiel' | 'somon',
): (count: number, opened: boolean) => readonly unknown[] {
  const events = new EventHub<GuardEvents>()
  const nesting = new AsyncLocalStorage<Nesting>()
  const parts = { owner: 'orders', clock: systemClock, random: Math.random, events, nesting }
  const makers: Readonly<Record<typeof kind, (at: number, opened: boolean) => unknown>> = {
    somon: (at, opened) => {
      const guard = new DependencyGuard({ ...parts, dependency: `origin-${at}` }, SHIPPED)
      if (opened) guard.open()
      if (opened) guard.close()
      return guard
    },
    opossum: (_at, opened) => {
      const breaker = new Opossum(async () => 1, {})
      if (opened) breaker.open()
      if (opened) breaker.close()
      return breaker
    },
    cockatiel: (_at, opened) => {
      const breaker = cockatielBreaker(10_000)
      if (opened) breaker.isolate().dispose()
      return wrap(breaker, timeout(TIMEOUT_MS, TimeoutStrategy.Aggressive))
    },
  }
  return (count, opened) => Array.from({ length: count }, (_, at) => makers[kind](at, opened))
}

/** Our guard, with listeners as telemetry has them. */
export function somonGuard<T>(task: () => Promise<T>): Guarded<T> & { end(): void } {
  const events = new EventHub<GuardEvents>()
  let told = 0
  events.on('guard.call', ({ durationMs }) => {
    told += durationMs
  })
  events.on('guard.transition', () => {
    told += 1
  })
  const parts = { owner: 'orders', dependency: 'payments', clock: systemClock, events }
  const nesting = new AsyncLocalStorage<Nesting>()
  const guard = new DependencyGuard({ ...parts, random: Math.random, nesting }, SETTINGS)
  return {
    call: () => guard.call(task),
    open: () => guard.open(),
    end: () => guard.dispose(),
  }
}

/** opossum by its defaults, except for the rules that would open the circuit. */
export function opossumGuard<T>(
  task: () => Promise<T>,
  options: object = {},
): Guarded<T> & { end(): void } {
  const breaker = new Opossum(task, {
    ...{ timeout: TIMEOUT_MS, resetTimeout: 1_000_000, errorThresholdPercentage: 100 },
    rollingCountTimeout: WINDOW_MS,
    ...options,
  }) as OpossumBreaker<T>
  return {
    call: () => breaker.fire(),
    open: () => breaker.open(),
    end: () => breaker.shutdown(),
  }
}

interface OpossumBreaker<T> {
  fire(): Promise<T>
  open(): void
  close(): void
  shutdown(): void
}

const Opossum = opossum as new (task: () => unknown, options: object) => OpossumBreaker<unknown>

/** cockatiel with the same duties; its timeout is what costs most. */
export function cockatielGuard<T>(task: () => Promise<T>): Guarded<T> {
  const breaker = cockatielBreaker()
  const policy = wrap(breaker, timeout(TIMEOUT_MS, TimeoutStrategy.Aggressive))
  return {
    call: () => policy.execute(task),
    open: () => void breaker.isolate(),
  }
}

function cockatielBreaker(duration: number = WINDOW_MS): CircuitBreakerPolicy {
  return circuitBreaker(handleAll, {
    halfOpenAfter: 1_000_000,
    // Nobody calls that often, so it counts and never opens.
    breaker: new SamplingBreaker({ threshold: 0.99, duration, minimumRps: 1e9 }),
  })
}
