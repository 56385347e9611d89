import type { RelPath } from '../base/project-path.ts'
import type { Unsubscribe } from '../base/events.ts'
import type { ArtifactAsset } from '../bundle/artifact.ts'
import type { ReloadReport } from './reload-report.ts'

/** The events of one module. */
export interface ModuleEventMap {
  reloaded: ReloadReport & { readonly outcome: 'reloaded' | 'healed' }
  unchanged: ReloadReport & { readonly outcome: 'unchanged' }
  failed: ReloadReport & { readonly outcome: 'failed' }
  disposed: { readonly module: RelPath }
}

/**
 * A loaded module: the handle that stays the same while its generations come and go.
 *
 * `exports` is read anew at each access; destructured values stay those of their generation.
 */
export interface Module<T = Record<string, unknown>> {
  /** The entry's path relative to the root. */
  readonly id: RelPath
  /** The number of the generation that serves; grows by at least one a reload. */
  readonly generation: number
  /** What serves now; reading it throws SOMON_MODULE_CLOSED once the module has ended. */
  readonly exports: T
  readonly assets: readonly ArtifactAsset[]
  /**
   * Calls `fn` with the exports under a lease: a reload drains it before it retires the
   * generation, and what `fn` starts belongs to the module.
   */
  use<R>(fn: (exports: T) => R | Promise<R>): Promise<R>
  /** Builds and evaluates anew; never rejects for a faulty module, the report says so. */
  reload(): Promise<ReloadReport>
  on<Name extends keyof ModuleEventMap>(
    name: Name,
    listener: (event: ModuleEventMap[Name]) => void,
  ): Unsubscribe
  /**
   * Retires the generation. Every later use, reading `exports` included, fails with
   * SOMON_MODULE_CLOSED; values taken out of `exports` before stay what they are.
   */
  dispose(): Promise<void>
}
