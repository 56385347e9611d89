import type { RelPath } from '../base/project-path.ts'
import type { ArtifactSource } from './loaded-artifact.ts'

/**
 * What the loader tells; one flight, however many callers share it, is told once. The loads of
 * modules, which include evaluation and the live ones, are told by `module` as `load.*`.
 */
export interface LoadEvents {
  'artifact.started': { readonly entry: RelPath; readonly key: string }
  'artifact.finished': {
    readonly entry: RelPath
    readonly artifact: string
    readonly source: ArtifactSource
    readonly durationMs: number
    /** The plugin that keeps the artifact off the disk, if any. */
    readonly uncacheable: string | undefined
  }
  'artifact.failed': {
    readonly entry: RelPath
    /** A coded one unless something is broken. */
    readonly error: unknown
    readonly durationMs: number
  }
  /** A write to the cache failed in a way that no tier reports itself; the load did not. */
  'artifact.store-failed': { readonly subject: string; readonly error: unknown }
}
