import type { Digest } from '../base/digest.ts'
import type { RelPath } from '../base/project-path.ts'
import type { Artifact } from './artifact.ts'
import type { BuildOptions } from './build-options.ts'
import type { BuildOutcome } from './build-outcome.ts'

/** Names everything but the inputs' contents that decides what an entry is built to. */
export interface Fingerprint {
  readonly digest: Digest
  /** The plugin whose builds may not be stored, if any. */
  readonly uncacheable: string | undefined
}

/** Turns entries into artifacts with one shared esbuild service. */
export interface Bundler {
  /**
   * Builds entries that share their options in one esbuild build, at most 64 at a time.
   *
   * One outcome per entry, in order; a faulty entry never fails its neighbours.
   *
   * @param hot - entries that are being edited: they get a kept build context
   */
  build(
    entries: readonly RelPath[],
    options: BuildOptions,
    request?: { readonly signal?: AbortSignal; readonly hot?: boolean },
  ): Promise<readonly BuildOutcome[]>
  fingerprint(options: BuildOptions): Fingerprint
  /**
   * Makes the source map of an artifact that was built without one.
   *
   * @returns undefined when an input has changed since, so that no wrong map is ever shown
   */
  map(artifact: Artifact, options: BuildOptions, signal?: AbortSignal): Promise<string | undefined>
  stats(): BundlerStats
  /** Stops the esbuild service; a later build starts a new one. */
  close(): Promise<void>
}

export interface BundlerStats {
  readonly builds: number
  readonly entriesBuilt: number
  readonly inFlight: number
  readonly contexts: number
  readonly recycles: number
  /** Undefined while no service runs. */
  readonly servicePid: number | undefined
}
