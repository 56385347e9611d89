import type { ResolveOptions } from '../resolve/resolution.ts'

/**
 * What shapes an artifact. Frozen; equal options (by `fingerprint()`) may share one build.
 */
export interface BuildOptions {
  /** Absolute path of the project root; it enters no key and no output. */
  readonly root: string
  readonly resolve: ResolveOptions
  /** esbuild's `target`; `load` uses the running Node. */
  readonly target: string
  readonly define: Readonly<Record<string, string>>
  /** esbuild loaders by extension, such as `{ '.svg': 'text' }`. */
  readonly loader: Readonly<Record<string, string>>
  readonly jsx?: 'transform' | 'automatic' | 'preserve'
  /** `eager` returns the map with the code; otherwise `Bundler.map()` makes it later. */
  readonly sourceMaps: 'none' | 'lazy' | 'eager'
}

/**
 * How many entries one build of esbuild takes. More gain no speed; they make its memory grow and
 * delay the first result.
 */
export const MAX_BATCH = 64
