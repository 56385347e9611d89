/** What the result of a call says about the dependency; `ignored` says nothing. */
export type Outcome = 'ok' | 'failure' | 'timeout' | 'overload' | 'ignored'

/** An outcome with what else decides: how long it took, and what the dependency asked for. */
export interface Verdict {
  readonly outcome: Outcome
  /** It took at least `breaker.slowCallMs`, whatever came of it. */
  readonly slow: boolean
  /** From `Retry-After`: how long the dependency wants to be left alone. */
  readonly retryAfterMs: number | undefined
}

/** The last failure as plain data: a kept Error would hold a retired generation in memory. */
export interface FailureRecord {
  readonly name: string
  readonly code: string | undefined
  /** At most 300 characters. */
  readonly message: string
  /** Wall time, epoch ms. */
  readonly at: number
}
