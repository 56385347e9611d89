import type { SomonError } from '../base/error.ts'
import type { RelPath } from '../base/project-path.ts'
import type { ArtifactSource } from '../load/loaded-artifact.ts'

/** The events of modules: one for every load, and one for every change of what a module serves. */
export interface ModuleEvents {
  /** A load that no live module answers has begun. */
  'load.started': { readonly entry: RelPath }
  /** Every load that succeeded, also those answered by a live module or sharing one flight. */
  'load.finished': {
    readonly entry: RelPath
    readonly source: 'live' | ArtifactSource
    /** From the call to the evaluated module; 0 for a live one. */
    readonly durationMs: number
  }
  'load.failed': {
    readonly entry: RelPath
    readonly error: SomonError
    readonly durationMs: number
  }
  /** A module serves its first generation. */
  'module.loaded': {
    readonly module: RelPath
    readonly generation: number
    readonly durationMs: number
  }
  /** A new generation serves. */
  'module.reloaded': {
    readonly module: RelPath
    readonly from: number
    readonly to: number
    readonly order: 'overlapping' | 'exclusive'
    readonly durationMs: number
  }
  /** A change left the behaviour as it was: comments, types, formatting. */
  'module.unchanged': { readonly module: RelPath; readonly generation: number }
  /** A reload failed; the generation named goes on serving. */
  'module.reload-failed': {
    readonly module: RelPath
    readonly generation: number
    readonly stage: 'build' | 'compile' | 'bind' | 'execute' | 'verify'
    readonly error: SomonError
  }
  /** A module that had failed, at load or reload, serves again. */
  'module.healed': { readonly module: RelPath; readonly generation: number }
  /** A module has been disposed of. */
  'module.disposed': { readonly module: RelPath; readonly generation: number }
}
