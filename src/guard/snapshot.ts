import type { Breaker, BreakerSnapshot } from './breaker.ts'
import type { CallTotals } from './call-log.ts'
import type { CircuitState } from './events.ts'
import type { LatencyPercentiles } from './latency.ts'
import type { FailureRecord } from './outcome.ts'
import type { GuardMode } from './settings.ts'

/** The reported state: the mode, or in `auto` that of the circuit. */
export type ReportedState = CircuitState | Exclude<GuardMode, 'auto'>

/** What one guard shows of itself, as management and metrics print it. */
export interface GuardSnapshot extends Omit<BreakerSnapshot, 'state' | 'mode' | 'staleCount'> {
  readonly component: string
  readonly dependency: string
  readonly state: ReportedState
  readonly inflight: number
  readonly queued: number
  /** How many calls may run at once; null where nothing bounds them. */
  readonly limit: number | null
  /** How many retries there are now, with fractions. */
  readonly retryBudget: number
  readonly window: {
    readonly ms: number
    readonly ok: number
    readonly failure: number
    readonly timeout: number
    readonly overload: number
    readonly slow: number
    readonly ignored: number
    readonly refused: number
    readonly consecutive: number
  }
  /** Of all calls since the guard was made that said something; null before the first one. */
  readonly latencyMs: LatencyPercentiles | null
  readonly totals: CallTotals & { readonly stale: number }
  readonly lastFailure: FailureRecord | undefined
}

/** What a guard knows beside its breaker. */
export interface GuardFacts {
  readonly owner: string
  readonly dependency: string
  readonly inflight: number
  readonly queued: number
  /** Infinity where nothing bounds them. */
  readonly limit: number
  readonly totals: CallTotals
  readonly latency: LatencyPercentiles | undefined
  readonly retryBudget: number
  readonly windowMs: number
}

/** What a guard says its state is. */
export function reportedState({ mode, state }: Pick<Breaker, 'mode' | 'state'>): ReportedState {
  return mode === 'auto' ? state : mode
}

/** Puts together what a guard shows. */
export function guardSnapshot(
  breaker: Pick<Breaker, 'snapshot' | 'counts'>,
  facts: GuardFacts,
): GuardSnapshot {
  const { mode, state, staleCount, ...shown } = breaker.snapshot()
  const counts = breaker.counts()
  const { owner, dependency, inflight, queued, limit, retryBudget, windowMs } = facts
  return {
    ...{ component: owner, dependency, inflight, queued, retryBudget },
    ...shown,
    limit: limit === Infinity ? null : limit,
    latencyMs: facts.latency ?? null,
    totals: { ...facts.totals, stale: staleCount },
    state: reportedState({ mode, state }),
    window: {
      ms: windowMs,
      ok: counts.count('ok'),
      failure: counts.count('failure'),
      timeout: counts.count('timeout'),
      overload: counts.count('overload'),
      slow: counts.count('slow'),
      ignored: counts.count('ignored'),
      refused: counts.count('refused'),
      consecutive: counts.consecutive,
    },
  }
}
