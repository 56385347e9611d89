import type { RelPath } from '../base/project-path.ts'
import type { ResolutionStep } from '../resolve/resolution.ts'
import type { ArtifactSource, InputChange } from './loaded-artifact.ts'

/** Everything that is known about how one entry is found, cached and used. */
export interface Explanation {
  readonly entry: RelPath
  readonly resolution: readonly ResolutionStep[]
  readonly key: string
  readonly artifact: string | undefined
  /** Which tier would answer now; `miss` means a build. */
  readonly answeredBy: ArtifactSource
  /** What made the cached artifact stale, complete; empty on a hit. */
  readonly because: readonly InputChange[]
  readonly uncacheable: string | undefined
  readonly inputs: number
  readonly importers: readonly RelPath[]
  readonly generations: readonly { readonly number: number; readonly state: string }[]
}
