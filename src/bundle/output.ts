import type { RelPath } from '../base/project-path.ts'
import type { BuildMessage } from './build-message.ts'
import type { BuildMetafile } from './metafile.ts'

/** The flags of `somon bundle`, by the names esbuild gives them. */
export interface BundleOptions {
  readonly outdir?: string
  readonly outfile?: string
  readonly format?: 'esm' | 'cjs' | 'iife'
  readonly platform?: 'node' | 'browser' | 'neutral'
  readonly target?: string
  readonly minify?: boolean
  readonly splitting?: boolean
  readonly sourcemap?: boolean | 'linked' | 'inline' | 'external' | 'both'
  readonly packages?: 'bundle' | 'external'
  readonly external?: readonly string[]
  readonly inline?: readonly string[]
  readonly alias?: Readonly<Record<string, string>>
  readonly define?: Readonly<Record<string, string>>
  readonly loader?: Readonly<Record<string, string>>
  readonly conditions?: readonly string[]
  readonly tsconfig?: string
  /** `source` gives every module its own `import.meta`; `plain` leaves esbuild's one per output. */
  readonly importMeta?: 'plain' | 'source'
  /** Removes what the outdir held before. */
  readonly clean?: boolean
  /** False neither reads nor writes the disk cache. */
  readonly cache?: boolean
  /** False spares a repeat the check of the import graph, which is then read when asked for. */
  readonly metafile?: boolean
  readonly signal?: AbortSignal
}

/** What `bundle` made; outputs are written when `outdir` or `outfile` is given. */
export interface BundleResult {
  readonly outputs: readonly BundleOutput[]
  readonly metafile: BundleMetafile
  readonly warnings: readonly BuildMessage[]
  /** True when nothing had changed and the disk cache answered. */
  readonly cached: boolean
  readonly durationMs: number
}

/** One file that a build made. */
export interface BundleOutput {
  /** Relative to the root. */
  readonly path: RelPath
  readonly bytes: number
  readonly sha256: string
  readonly entry: RelPath | undefined
  /** The bytes, when nothing was written. */
  readonly contents: Uint8Array | undefined
}

/** Inputs and outputs of an output build, in esbuild's form. */
export interface BundleMetafile extends BuildMetafile {
  readonly outputs: Readonly<
    Record<
      RelPath,
      {
        readonly bytes: number
        readonly entryPoint?: RelPath
        readonly inputs: Readonly<Record<RelPath, { readonly bytesInOutput: number }>>
        readonly imports: readonly { readonly path: string; readonly kind: string }[]
      }
    >
  >
}
