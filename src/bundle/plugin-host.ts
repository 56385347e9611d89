import type { EsbuildMessage, EsbuildPlugin } from './esbuild.ts'
import type { ArtifactInfo, BeforeLoadEvent, GenerationInfo } from './plugin.ts'

/** What a source file is read as: the bytes that were hashed, and how esbuild takes them. */
export interface SourceText {
  readonly contents: string | Uint8Array
  readonly loader: string
}

/** What one build offers to the plugins and learns from them. */
export interface PluginBuild {
  /** The files that `read` is for: esbuild reads all others by itself. Unset: every file. */
  readonly only?: ReadonlySet<string>
  /** Reads and hashes a file and records it as an input; it is always the last `load`. */
  read(file: string, attributes: Readonly<Record<string, string>>): Promise<SourceText>
  /** Runs after the last transform of a script file, with its absolute path: binds `import.meta`. */
  finish(code: string, file: string): string
  /**
   * @param owner - the module that was being made when the plugin asked, if any
   * @param contents - what the plugin has used of the file, or is about to write to it
   */
  addWatchFile(
    file: string,
    pluginName: string,
    owner?: string,
    contents?: string | Uint8Array,
  ): void
  addWatchDir(dir: string, pluginName: string, owner?: string): void
}

/** Where the plugins of an output build name what they read. */
export type WatchSink = Pick<PluginBuild, 'addWatchFile' | 'addWatchDir'>

/** The plugins of one system: fused for esbuild, keyed for the cache, timed for `stats()`. */
export interface PluginHost {
  /** False when no plugin takes part in builds: then the build is esbuild's own. */
  readonly active: boolean
  /**
   * Makes esbuild's plugin list of one build, in the order pre, esbuild plugins, normal, post,
   * reader. Never empty: without plugins it holds the reader alone.
   */
  esbuildPlugins(build: PluginBuild): readonly EsbuildPlugin[]
  /** The plugin list of `somon bundle`, which reads nothing itself: no reader at its end. */
  outputPlugins(watches?: WatchSink): readonly EsbuildPlugin[]
  /** Puts back the coded errors that esbuild lost from the messages of a failed build. */
  restore(messages: readonly EsbuildMessage[]): readonly EsbuildMessage[]
  /** What the plugins add to the fingerprint, in order; and who has no key. */
  keys(): { readonly parts: readonly string[]; readonly uncacheable: string | undefined }
  /** Files, folders and variables that plugins declare as inputs; paths absolute. */
  declaredInputs(): {
    readonly files: readonly string[]
    readonly dirs: readonly string[]
    readonly env: readonly string[]
  }
  /** Asks each plugin outside a build where a specifier leads, up to the first that answers. */
  ask(specifier: string, importer: string): Promise<readonly PluginAnswer[]>
  beforeLoad(event: BeforeLoadEvent): Promise<void>
  built(artifact: ArtifactInfo): void
  instantiate(meta: Record<string, unknown>, generation: GenerationInfo): void
  /** True when a plugin has a say before each load, which may need a promise. */
  readonly asksBeforeLoad: boolean
  /** True when a plugin verifies generations. */
  readonly verifies: boolean
  verify(
    namespace: Readonly<Record<string, unknown>>,
    generation: GenerationInfo,
    signal: AbortSignal,
  ): Promise<void>
  retire(generation: GenerationInfo): Promise<void>
  watchChange(file: string, event: 'create' | 'update' | 'delete'): void
  stats(): readonly PluginStats[]
}

/** What one plugin says of a specifier. */
export interface PluginAnswer {
  readonly plugin: string
  /** True when no plugin after it is asked, and no search is made. */
  readonly answers: boolean
  readonly result: string
}

/** How often the hooks of one plugin were called, failed, and how long they took in all. */
export interface PluginStats {
  readonly name: string
  readonly shape: 'esbuild' | 'fused'
  readonly calls: number
  readonly errors: number
  readonly totalMs: number
}
