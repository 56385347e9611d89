import type { BreakerSettings, GuardSettings } from '../../../src/guard/settings.ts'

/** Breaker settings as shipped, with whole changes. */
export function breakerSettings(changes: Partial<BreakerSettings> = {}): BreakerSettings {
  return {
    consecutive: 5,
    failureRate: 0.5,
    minCalls: 20,
    slowCallMs: 0,
    slowRate: 0.8,
    windowMs: 10_000,
    buckets: 10,
    recoveryMs: 30_000,
    open: { baseMs: 5000, factor: 2, jitter: 0.2 },
    halfOpen: { probes: 3, successes: 2, maxMs: 5000 },
    ...changes,
  }
}

/** Guard settings as shipped, with changes of the breaker and of the rest. */
export function guardSettings(
  breaker: Partial<BreakerSettings> = {},
  changes: Partial<Omit<GuardSettings, 'breaker'>> = {},
): GuardSettings {
  return {
    mode: 'auto',
    breaker: breakerSettings(breaker),
    timeoutMs: 10_000,
    bodyIdleMs: 30_000,
    abandonMs: 5000,
    bulkhead: { mode: 'fixed', max: 64, queue: 128, queueTimeoutMs: 500 },
    rate: { perSecond: 0, burst: 0, waitMs: 0 },
    retry: { max: 0, budget: 0.2, minPerSecond: 1 },
    ignore: [],
    ...changes,
  }
}
