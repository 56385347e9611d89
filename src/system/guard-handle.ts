import type { GuardedCall } from '../base/guard.ts'
import type { SettingsInput } from '../config/input.ts'
import type { GuardFunctions } from '../guard/functions.ts'
import type { GuardSnapshot, ReportedState } from '../guard/snapshot.ts'

/**
 * What a program says of a dependency in code: settings of one dependency as a configuration file
 * writes them, and functions, which only code can give.
 */
export interface GuardOptions extends GuardFunctions, StageOptions {}

type StageOptions = Omit<
  DependencyInput,
  'kind' | 'match' | 'key' | 'routes' | 'functions' | 'probe' | 'bodyIdleMs'
>

type DependencyInput = NonNullable<
  NonNullable<NonNullable<SettingsInput['guard']>['dependencies']>[string]
>

/** A dependency that a program calls through its guard. */
export interface GuardHandle {
  readonly name: string
  /**
   * Runs a task against the dependency; one that is admitted without waiting starts synchronously.
   *
   * @param task - gets a signal that aborts at the timeout and with the caller's
   * @throws SomonError SOMON_GUARD_OPEN, SOMON_GUARD_ISOLATED, SOMON_GUARD_FULL,
   *   SOMON_GUARD_RATE_LIMITED, SOMON_GUARD_TIMEOUT, SOMON_GUARD_DISPOSED; the reason of
   *   `call.signal`; what the task throws
   */
  call<T>(task: (signal: AbortSignal) => T | PromiseLike<T>, call?: GuardedCall): Promise<T>
  /** `disabled` in a system without guards. */
  readonly state: ReportedState
  /** Undefined in a system without guards. */
  snapshot(): GuardSnapshot | undefined
}
