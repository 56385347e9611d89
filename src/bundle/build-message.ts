import type { SourceLocation } from '../base/error.ts'

/** A warning or an error of a build, in our own coordinates (1-based, UTF-16). */
export interface BuildMessage {
  readonly text: string
  /** esbuild's message id, such as `direct-eval`; empty when there is none. */
  readonly id: string
  /** The plugin that raised it; empty for esbuild itself. */
  readonly pluginName: string
  readonly location: SourceLocation | null
  readonly frame: string | null
  readonly notes: readonly { readonly text: string; readonly location: SourceLocation | null }[]
}
