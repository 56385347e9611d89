/**
 * What one guard does; every duration is in milliseconds. Defaults and limits lie in
 * `config/schema.ts`; here is only the shape. Deeply frozen: a change is another object.
 */
export interface GuardSettings {
  readonly mode: GuardMode
  readonly breaker: BreakerSettings
  /** How long one attempt may take; 0 means no limit. */
  readonly timeoutMs: number
  /** How long a response body may be silent. */
  readonly bodyIdleMs: number
  /** How long a task that ignores its abort keeps its slot. */
  readonly abandonMs: number
  readonly bulkhead: BulkheadSettings
  readonly rate: RateSettings
  readonly retry: RetrySettings
  /** Codes of errors that say nothing about the dependency. */
  readonly ignore: readonly string[]
}

/** `isolated` refuses every call, `disabled` admits every call and never opens. */
export type GuardMode = 'auto' | 'isolated' | 'disabled'

/** When the circuit opens, for how long, and how it closes again. */
export interface BreakerSettings {
  /** Failures in a row that open; 0 switches the rule off. */
  readonly consecutive: number
  /** Share of failed calls that opens, from 0 (exclusive) to 1. */
  readonly failureRate: number
  /** How many calls the window must hold before a rate counts. */
  readonly minCalls: number
  /** From this duration on a call counts as slow; 0 switches the rule off. */
  readonly slowCallMs: number
  /** Share of slow calls that opens, from 0 (exclusive) to 1. */
  readonly slowRate: number
  /** How far back calls count. */
  readonly windowMs: number
  /** Into how many parts the window is cut; samples leave it part by part. */
  readonly buckets: number
  /** Within this time after the dependency is well again the circuit is closed. */
  readonly recoveryMs: number
  readonly open: {
    /** The first open time. */
    readonly baseMs: number
    /** By what each further open time in a row is multiplied. */
    readonly factor: number
    /** Which share of it may be taken off at random, from 0 to 1. */
    readonly jitter: number
  }
  readonly halfOpen: {
    /** How many probes run at once. */
    readonly probes: number
    /** How many successful ones close the circuit. */
    readonly successes: number
    /** How long a probe may take before it counts as failed. */
    readonly maxMs: number
  }
}

/** How many calls run at once, and how many wait. */
export interface BulkheadSettings {
  /** `gradient2` finds the number from latencies, up to `max`. */
  readonly mode: 'fixed' | 'gradient2' | 'off'
  readonly max: number
  readonly queue: number
  readonly queueTimeoutMs: number
}

/** How many calls start per second; 0 switches the stage off. */
export interface RateSettings {
  readonly perSecond: number
  /** How many may start at once after a pause; 0 means as many as `perSecond`. */
  readonly burst: number
  /** How long a call may wait for its turn. */
  readonly waitMs: number
}

/** How often a failed call is tried again, and from what budget. */
export interface RetrySettings {
  /** Further attempts of one call; 0 switches the stage off. */
  readonly max: number
  /** What a first attempt adds to the budget; a further attempt takes 1. */
  readonly budget: number
  /** Further attempts per second that need no budget. */
  readonly minPerSecond: number
}

/** How long a probe may be without an answer. */
export function halfOpenMs({ halfOpen, recoveryMs }: BreakerSettings): number {
  return Math.min(halfOpen.maxMs, recoveryMs / 6)
}

/**
 * The longest open time that keeps the promise of `recoveryMs`: in the worst case the dependency
 * heals while a probe hangs, which takes until the probe fails, the open time, and another probe.
 */
export function openMaxMs(settings: BreakerSettings): number {
  return settings.recoveryMs - 2 * halfOpenMs(settings)
}
