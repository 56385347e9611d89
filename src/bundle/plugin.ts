import type { Guard } from '../base/guard.ts'
import type { RelPath } from '../base/project-path.ts'
import type { ArtifactInput } from './artifact.ts'
import type { BuildMessage } from './build-message.ts'
import type { EsbuildPlugin } from './esbuild.ts'

/** A plugin of the toolchain: one of esbuild's, or one with fused hooks. */
export type SomonPlugin = EsbuildPlugin | FusedPlugin

/** A hook that runs for every file, or only for those its filter names. */
export type Hook<Fn> = Fn | { readonly filter?: HookFilter; readonly handler: Fn }

/** Which files a hook is called for; a string is a glob, both parts must match. */
export interface HookFilter {
  readonly id?: StringFilter
  readonly code?: StringFilter
}

export type StringFilter =
  | string
  | RegExp
  | readonly (string | RegExp)[]
  | {
      readonly include?: string | RegExp | readonly (string | RegExp)[]
      readonly exclude?: string | RegExp | readonly (string | RegExp)[]
    }

/** What `this` is in the hooks of a fused plugin. */
export interface PluginContext {
  /** Makes a file an input: when it changes, what was built with it is stale. */
  addWatchFile(file: string): void
  /** Stops the build of this file with an error that names the plugin. */
  error(message: string | PluginMessage): never
  warn(message: string | PluginMessage): void
  /** Calls something outside the process: it times out and, in a guarded system, may refuse. */
  readonly guard: Guard
}

/** A message of a plugin; `code` and `fix` become those of the coded error. */
export interface PluginMessage {
  readonly message: string
  readonly code?: string
  readonly fix?: string
  readonly id?: string
  readonly loc?: { readonly line: number; readonly column: number; readonly file?: string }
}

/** What a `load` hook returns. */
export interface LoadResult {
  readonly code: string
  readonly map?: object | string | null
  /** esbuild's loader for the code; without it `js`. */
  readonly loader?: string
}

/** What a `transform` hook returns. */
export interface TransformResult {
  readonly code: string
  readonly map?: object | string | null
}

export type ResolveIdHook = (
  this: PluginContext,
  specifier: string,
  importer: string | undefined,
  options: { readonly isEntry: boolean },
) => Promised<string | { readonly id: string; readonly external?: boolean } | null | undefined>

export type LoadHook = (
  this: PluginContext,
  id: string,
) => Promised<string | LoadResult | null | undefined>

export type TransformHook = (
  this: PluginContext,
  code: string,
  id: string,
) => Promised<string | TransformResult | null | undefined>

type Promised<T> = T | Promise<T>

/** A plugin in the form of rollup and unplugin, with what somon adds under `somon`. */
export interface FusedPlugin {
  readonly name: string
  /** `pre` runs before esbuild plugins, `post` after all others. */
  readonly enforce?: 'pre' | 'post'
  /**
   * Covers the plugin's options and everything it reads that `watch` and `addWatchFile` do not
   * name. Without it the plugin's builds stay in memory: they never reach the disk.
   */
  readonly cacheKey?: string | (() => string)
  readonly watch?: { readonly files?: readonly string[]; readonly dirs?: readonly string[] }
  /** Environment variables whose change makes its builds stale. */
  readonly env?: readonly string[]
  readonly resolveId?: Hook<ResolveIdHook>
  readonly load?: Hook<LoadHook>
  readonly transform?: Hook<TransformHook>
  readonly buildStart?: (this: PluginContext) => Promised<void>
  readonly buildEnd?: (this: PluginContext) => Promised<void>
  readonly watchChange?: (id: string, change: { event: 'create' | 'update' | 'delete' }) => void
  readonly somon?: RuntimeHooks
}

/** The hooks around loading, beside those of the build. */
export interface RuntimeHooks {
  /** Runs before an entry is loaded; may throw a coded refusal. */
  beforeLoad?(event: {
    readonly entry: RelPath
    readonly importer?: RelPath
    readonly kind: 'load' | 'reload' | 'import'
  }): void | Promise<void>
  /** Facts of a finished build, read-only. */
  built?(artifact: ArtifactInfo): void
  /** May add properties to `import.meta` of a generation. */
  instantiate?(meta: Record<string, unknown>, generation: GenerationInfo): void
  /** Judges a new generation before it serves; rejecting keeps the old one. */
  verify?(
    namespace: Readonly<Record<string, unknown>>,
    generation: GenerationInfo,
    signal: AbortSignal,
  ): void | Promise<void>
  retire?(generation: GenerationInfo): void | Promise<void>
}

export interface ArtifactInfo {
  readonly id: string
  readonly entry: RelPath
  readonly codeBytes: number
  readonly inputs: readonly ArtifactInput[]
  readonly warnings: readonly BuildMessage[]
}

export interface GenerationInfo {
  /** The entry's path relative to the root. */
  readonly module: RelPath
  readonly number: number
  readonly artifact: string
}
