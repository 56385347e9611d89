import type { Digest } from '../base/digest.ts'
import type { SourceLocation } from '../base/error.ts'
import type { RelPath } from '../base/project-path.ts'
import type { BuildMessage } from './build-message.ts'

/** Import attributes, as in `import x from 'y' with { type: 'json' }`. */
export type ImportAttributes = Readonly<Record<string, string>>

/** One import that stays an import when the artifact runs. */
export interface ArtifactDependency {
  readonly spec: string
  readonly kind: 'builtin' | 'external'
  /** The imported names; `*` when the whole namespace is used. */
  readonly names: readonly string[] | '*'
  readonly attributes?: ImportAttributes
  /** The source files that import it, for error messages and for resolving. */
  readonly importers: readonly RelPath[]
}

/** A file beside the code that a plugin or loader emitted. */
export interface ArtifactAsset {
  readonly name: string
  readonly sha256: Digest
  readonly bytes: number
}

/** The file behind one part of an artifact. */
export interface ArtifactInput {
  readonly path: RelPath
  readonly sha256: Digest
  readonly bytes: number
}

/**
 * The compiled and bundled output of one entry: immutable, deep-frozen, free of absolute paths.
 *
 * `id` names it: sha256 of code, inputs and attributes. Two artifacts with one `codeId` behave
 * the same. The source map is no part of it: it is made later from the same inputs, and is
 * stored under the artifact's id (docs/design/0001).
 */
export interface Artifact {
  readonly id: Digest
  readonly codeId: Digest
  readonly entry: RelPath
  /** The wrapped text, ready for `vm.Script`. */
  readonly code: string
  /** Length of the wrapper's text on line 1: what `columnOffset` takes back. */
  readonly head: number
  readonly deps: readonly ArtifactDependency[]
  readonly exports: readonly string[]
  /** Where the first top-level await stands, null when there is none. */
  readonly tla: SourceLocation | null
  /** For each `import(expression)`, by its number, the source file it stands in. */
  readonly dynamicSites: readonly RelPath[]
  readonly inputs: readonly ArtifactInput[]
  readonly assets: readonly ArtifactAsset[]
  readonly warnings: readonly BuildMessage[]
  readonly builtBy: {
    readonly somon: string
    readonly esbuild: string
    readonly fingerprint: Digest
  }
}

/** Everything about an artifact but its text: what may outlive the code in memory. */
export type ArtifactFacts = Omit<Artifact, 'code'>
