import type { SomonError } from '../base/error.ts'
import type { RelPath } from '../base/project-path.ts'
import type { RetireReport } from '../evaluate/generation.ts'

/** What one reload did. */
export type ReloadReport =
  | {
      readonly outcome: 'reloaded' | 'healed'
      readonly module: RelPath
      readonly from: number
      readonly to: number
      /** `exclusive`: the old generation ended before the new one ran, because it listens. */
      readonly order: 'overlapping' | 'exclusive'
      readonly durationMs: number
      /** Settles when the old generation has been drained and swept. */
      readonly retired: Promise<RetireReport>
    }
  | { readonly outcome: 'unchanged'; readonly module: RelPath; readonly generation: number }
  | {
      readonly outcome: 'failed'
      readonly module: RelPath
      /** The generation that goes on serving. */
      readonly generation: number
      readonly error: SomonError
      readonly stage: 'build' | 'compile' | 'bind' | 'execute' | 'verify'
    }
  /** A newer change overtook this reload; its own report tells what came out. */
  | { readonly outcome: 'superseded'; readonly module: RelPath; readonly generation: number }

/** What `invalidate()` did, by entry. */
export interface InvalidateReport {
  /** Artifacts that memory forgot. */
  readonly dropped: number
  readonly reloaded: readonly RelPath[]
  readonly unchanged: readonly RelPath[]
  /** A newer change overtook their reload, which tells its own outcome. */
  readonly superseded: readonly RelPath[]
  readonly failed: readonly { readonly entry: RelPath; readonly error: SomonError }[]
}
