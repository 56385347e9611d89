import type { TransitionReason } from './events.ts'
import { IGNORED, type FailureRecord, type Verdict } from './outcome.ts'

/** Why a call may not start now. */
export interface Refusal {
  readonly admitted: false
  /** `half-open` means that all places for probes are taken. */
  readonly state: 'open' | 'half-open' | 'isolated'
  /** Why the circuit opened last; `isolated` while it is. */
  readonly reason: TransitionReason | 'isolated'
  /** Undefined where nobody knows. */
  readonly retryAfterMs: number | undefined
  readonly lastFailure: FailureRecord | undefined
  /** The first one since the last transition: it is worth a stack. */
  readonly isFirst: boolean
}

/** What a breaker is for its tickets. */
export interface TicketHost {
  readonly generation: number
  readonly isIsolated: boolean
  admit(): Ticket | Refusal
  /** Counts the result of a call of this generation. */
  count(verdict: Verdict, error: unknown, probe: TakeVerdict | undefined, now?: number): void
  /** Counts a result of an earlier generation, and nothing else. */
  countStale(): void
  /** Counts a call that was refused behind the breaker. */
  countRefused(): void
}

/** Takes the verdict on a probe, once. */
export type TakeVerdict = (verdict: Verdict) => void

/**
 * The admission of one call, which has to be ended: reported, withdrawn, or renewed.
 *
 * Each ticket counts once. A ticket whose circuit has changed its state since is stale: opossum
 * would let a late result of the closed time close or open a half-open circuit.
 */
export class Ticket {
  readonly admitted = true
  readonly generation: number
  readonly #host: TicketHost
  readonly #probe: TakeVerdict | undefined
  #isEnded = false

  constructor(host: TicketHost, probe: TakeVerdict | undefined) {
    this.generation = host.generation
    this.#host = host
    this.#probe = probe
  }

  get isProbe(): boolean {
    return this.#probe !== undefined
  }

  /** Whether the circuit has changed its state since the admission. */
  get isStale(): boolean {
    return this.generation !== this.#host.generation
  }

  /**
   * Counts the result of the call and moves the circuit, before it returns.
   *
   * @param verdict - what the result says of the dependency
   * @param error - what was thrown; only kept as a plain record, and only for a failure
   * @param now - when the call ended, as `clock.elapsed()`; without it the clock is asked again
   * @returns false when the result was stale or reported before, and so counted for nothing
   */
  report(verdict: Verdict, error?: unknown, now?: number): boolean {
    if (this.#isEnded) return false
    this.#isEnded = true
    if (this.isStale) {
      this.#host.countStale()
      return false
    }
    this.#host.count(verdict, error, this.#probe, now)
    return true
  }

  /** Ends the ticket of a call that a stage behind the breaker refused. */
  withdraw(): void {
    if (this.#isEnded) return
    this.#end()
    this.#host.countRefused()
  }

  /** After a wait: this ticket if it still holds, else what the circuit says now. */
  renew(): Ticket | Refusal {
    if (!this.isStale && !this.#host.isIsolated) return this
    this.#end()
    return this.#host.admit()
  }

  /** Gives the place of a probe back. */
  #end(): void {
    this.#isEnded = true
    this.#probe?.(IGNORED)
  }
}
