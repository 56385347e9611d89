import type { Guard } from '../base/guard.ts'
import type { RelPath } from '../base/project-path.ts'
import type { ArtifactInput, ImportAttributes } from './artifact.ts'
import type { BuildMessage } from './build-message.ts'
import type { EsbuildPlugin } from './esbuild.ts'

/** A plugin of the toolchain: one of esbuild's, or one with fused hooks. */
export type SomonPlugin = (EsbuildPlugin & PluginInputs) | FusedPlugin

/** What a plugin's results depend on beside the files that it is called for. */
export interface PluginInputs {
  /**
   * Covers the plugin's options and everything it reads that `watch` and `addWatchFile` do not
   * name. Without it the plugin's builds stay in memory: they never reach the disk.
   */
  readonly cacheKey?: string | (() => string)
  /** Relative paths start at the project root. */
  readonly watch?: { readonly files?: readonly string[]; readonly dirs?: readonly string[] }
  /** Environment variables whose change makes its builds stale. */
  readonly env?: readonly string[]
}

/** A hook that runs for every file, or only for those its filter names. */
export type Hook<Fn> = Fn | { readonly filter?: HookFilter; readonly handler: Fn }

/**
 * Which files a hook is called for; both parts must match.
 *
 * In `id` a string is a glob, relative ones starting at the project root; for `resolveId` it is
 * the specifier itself. In `code` (of `transform`) a string is looked for as it stands.
 */
export interface HookFilter {
  readonly id?: StringFilter
  readonly code?: StringFilter
}

/** Texts or patterns of which one must match; with `exclude`, none of those may. */
export type StringFilter =
  | string
  | RegExp
  | readonly (string | RegExp)[]
  | {
      readonly include?: string | RegExp | readonly (string | RegExp)[]
      readonly exclude?: string | RegExp | readonly (string | RegExp)[]
    }

/** What `this` is in every hook. */
export interface HookContext {
  /** Calls something outside the process: it times out and, in a guarded system, may refuse. */
  readonly guard: Guard
}

/** What `this` is in the build hooks of a fused plugin. */
export interface PluginContext extends HookContext {
  /** Absolute path of the project root. */
  readonly root: string
  /**
   * Makes a file an input: when it changes, what was built with it is stale.
   *
   * @param contents - what the plugin has used of it, or is about to write to it. Without them a
   *   build during which the file changes is not trusted: nobody knows what was used.
   */
  addWatchFile(file: string, contents?: string | Uint8Array): void
  /** Makes the names in a folder an input. */
  addWatchDir(dir: string): void
  /** Stops the build of this file with an error that names the plugin. */
  error(message: string | PluginMessage): never
  warn(message: string | PluginMessage): void
}

/** A message of a plugin; `code` and `fix` become those of the coded error. */
export interface PluginMessage {
  readonly message: string
  /** Without it the error is `SOMON_BUNDLE_PLUGIN_FAILED`. */
  readonly code?: string
  readonly fix?: string
  /** The module that is meant; without it the one the hook runs for. */
  readonly id?: string
  /** Line from 1, column from 0 in UTF-16 units, as in rollup. */
  readonly loc?: { readonly line: number; readonly column: number; readonly file?: string }
  /** True when the same build can succeed later without a change: a host that is down. */
  readonly retryable?: boolean
  readonly cause?: unknown
}

/** A source map of version 3, as an object or as JSON text; null keeps the positions. */
export type PluginSourceMap = object | string | null

/** What a `load` hook returns. */
export interface LoadResult {
  readonly code: string
  readonly map?: PluginSourceMap
  /** esbuild's loader for the code; without it that of a script extension, else `js`. */
  readonly loader?: string
}

/** What a `transform` hook returns. */
export interface TransformResult {
  readonly code: string
  /** Without it the transform counts as one that moves nothing. */
  readonly map?: PluginSourceMap
  /** Without it the file keeps its loader; one whose extension has none becomes `js`. */
  readonly loader?: string
}

/**
 * Answers with an id, with `{ id, external }`, or with nothing to leave it to the next plugin.
 *
 * The importer is undefined for entries; `kind` is that of esbuild, such as `import-statement`.
 */
export type ResolveIdHook = (
  this: PluginContext,
  specifier: string,
  importer: string | undefined,
  options: {
    readonly isEntry: boolean
    readonly kind: string
    readonly attributes: ImportAttributes
  },
) => Promised<string | { readonly id: string; readonly external?: boolean } | null | undefined>

/** Answers with the text of a module, or with nothing to leave it to the next plugin. */
export type LoadHook = (
  this: PluginContext,
  id: string,
  options: { readonly attributes: ImportAttributes },
) => Promised<string | LoadResult | null | undefined>

/** Answers with the new text of a module, or with nothing to leave it as it is. */
export type TransformHook = (
  this: PluginContext,
  code: string,
  id: string,
  options: { readonly attributes: ImportAttributes },
) => Promised<string | TransformResult | null | undefined>

type Promised<T> = T | Promise<T>

/** A plugin in the form of rollup and unplugin, with what somon adds under `somon`. */
export interface FusedPlugin extends PluginInputs {
  readonly name: string
  /** `pre` runs before esbuild plugins, `post` after all others. */
  readonly enforce?: 'pre' | 'post'
  /**
   * Says where a specifier leads: to a file (absolute path), or to a module of the plugin's own
   * (anything else, by custom starting with `\0`). The first plugin that answers decides.
   */
  readonly resolveId?: Hook<ResolveIdHook>
  /** Returns the text of a module; the first plugin that answers decides. */
  readonly load?: Hook<LoadHook>
  /** Rewrites the text of a module; every plugin's runs, each on what the one before made. */
  readonly transform?: Hook<TransformHook>
  readonly buildStart?: (this: PluginContext) => Promised<void>
  readonly buildEnd?: (this: PluginContext) => Promised<void>
  /** Tells that a watched file changed, before what depends on it is built again. */
  readonly watchChange?: (
    this: HookContext,
    id: string,
    change: { readonly event: 'create' | 'update' | 'delete' },
  ) => Promised<void>
  readonly somon?: RuntimeHooks
}

/** The hooks around loading, beside those of the build. */
export interface RuntimeHooks {
  /** Runs before an entry is loaded; may throw a coded refusal. */
  beforeLoad?(this: HookContext, event: BeforeLoadEvent): void | Promise<void>
  /** Facts of a finished build, read-only. */
  built?(this: HookContext, artifact: ArtifactInfo): void
  /** May add properties to `import.meta` of a generation. */
  instantiate?(this: HookContext, meta: Record<string, unknown>, generation: GenerationInfo): void
  /** Judges a new generation before it serves; rejecting keeps the old one. */
  verify?(
    this: HookContext,
    namespace: Readonly<Record<string, unknown>>,
    generation: GenerationInfo,
    signal: AbortSignal,
  ): void | Promise<void>
  retire?(this: HookContext, generation: GenerationInfo): void | Promise<void>
}

/** What is about to be loaded, and whether for the first time. */
export interface BeforeLoadEvent {
  readonly entry: RelPath
  readonly kind: 'load' | 'reload'
}

/** What a build made, without the code: `id` names the artifact by its content. */
export interface ArtifactInfo {
  readonly id: string
  readonly entry: RelPath
  readonly codeBytes: number
  readonly inputs: readonly ArtifactInput[]
  readonly warnings: readonly BuildMessage[]
}

/** Which copy of a module a hook is called for; `number` counts from 1 in each module. */
export interface GenerationInfo {
  /** The entry's path relative to the root. */
  readonly module: RelPath
  readonly number: number
  readonly artifact: string
}
