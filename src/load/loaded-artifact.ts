import type { RelPath } from '../base/project-path.ts'
import type { Artifact } from '../bundle/artifact.ts'
import type { InputsManifest } from './manifest.ts'

/** Which tier answered; `miss` means that a build did. */
export type ArtifactSource = 'memory' | 'disk' | 'external' | 'miss'

/** A valid artifact with what the later stages need beside it. */
export interface LoadedArtifact {
  readonly artifact: Artifact
  readonly manifest: InputsManifest
  readonly source: ArtifactSource
  /** V8's code cache for this code, already verified; undefined when there is none. */
  readonly codeCache: Uint8Array | undefined
}

/** Why a cached artifact does not hold any more. */
export interface InputChange {
  /** `blob`: the record holds, and a cached file that it names is gone or damaged. */
  readonly kind: 'file' | 'dir' | 'symlink' | 'absent' | 'env' | 'plugin' | 'blob'
  /** Path, variable, plugin or digest. */
  readonly subject: RelPath
  readonly was: string
  readonly is: string
}
