import type { FailureRecord, Outcome } from './outcome.ts'
import type { GuardFunctions } from './functions.ts'
import type { GuardMode } from './settings.ts'

/** The state of a circuit, without its mode. */
export type CircuitState = 'closed' | 'open' | 'half-open'

/** Why a circuit changed its state. */
export type TransitionReason =
  | 'consecutive'
  | 'failure-rate'
  | 'slow-rate'
  | 'manual'
  | 'open-time-over'
  | 'probes-succeeded'
  | 'probe-failed'
  | 'probe-timeout'
  | 'reset'
  | 'imported'

/** What came of a call, or why it did not start. */
export type CallOutcome = Outcome | 'open' | 'isolated' | 'full' | 'limited'

interface Named {
  readonly owner: string
  readonly dependency: string
}

/** What guards tell. */
export interface GuardEvents {
  'guard.transition': Named & {
    readonly from: CircuitState
    readonly to: CircuitState
    readonly reason: TransitionReason
    readonly generation: number
    /** Of the circuit that opened; 0 otherwise. */
    readonly openMs: number
    readonly attempt: number
    readonly lastFailure: FailureRecord | undefined
  }
  'guard.call': Named & {
    readonly outcome: CallOutcome
    readonly slow: boolean
    /** The state had changed since the call was admitted, so its result counted for nothing. */
    readonly stale: boolean
    readonly durationMs: number
    readonly queuedMs: number
  }
  'guard.retry': Named & { readonly attempt: number; readonly result: 'sent' | 'no-budget' }
  /** `by` is who did it: what the caller says, `settings`, or `import`; undefined if nobody does. */
  'guard.mode': Named & { readonly mode: GuardMode; readonly by: string | undefined }
  'guard.limit': Named & { readonly limit: number }
  'guard.abandoned': Named
  /**
   * Node remembers that a package has failed, so no further import of it can succeed in this
   * process. Once for each owner and specifier.
   */
  'guard.import-stuck': Named & { readonly specifier: string; readonly attempts: number }
  /** A function of the user threw. */
  'guard.fault': Named & { readonly where: keyof GuardFunctions; readonly error: unknown }
  /** A connection went out beside the edge that should have seen its calls; its address. */
  'guard.bypass': Named & { readonly via: string }
  /** Somebody replaced what an edge stands on; it stands on the new one now. */
  'guard.edge-replaced': { readonly via: string }
  /** A setting of the dependency cannot act on calls that come this way. */
  'guard.unsupported': Named & { readonly stage: string; readonly via: string }
  'guard.registry-full': { readonly size: number }
  'guard.evicted': Named & { readonly reason: 'idle' | 'forced' }
}
