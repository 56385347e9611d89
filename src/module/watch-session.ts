import type { SomonError } from '../base/error.ts'
import type { RelPath } from '../base/project-path.ts'
import type { Unsubscribe } from '../base/events.ts'

/** What a watch session tells about an entry that a change made stale. */
export interface WatchReport {
  readonly entry: RelPath
  readonly outcome: 'reloaded' | 'healed' | 'unchanged' | 'failed'
  /** The paths of the change set, relative to the root. */
  readonly changes: readonly RelPath[]
  readonly generation: number
  readonly durationMs: number
  readonly error?: SomonError
}

/** Watches the inputs of loaded entries and reloads what becomes stale. */
export interface WatchSession extends AsyncDisposable {
  readonly entries: readonly RelPath[]
  /** How many paths are watched now. */
  readonly watched: number
  on(name: 'report', listener: (report: WatchReport) => void): Unsubscribe
  /** Resolves once everything noticed so far has been dealt with. */
  settled(): Promise<void>
  close(): Promise<void>
}
