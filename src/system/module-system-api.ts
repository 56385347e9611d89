import type { SomonError } from '../base/error.ts'
import type { Listener, Unsubscribe } from '../base/events.ts'
import type { RelPath } from '../base/project-path.ts'
import type { Artifact } from '../bundle/artifact.ts'
import type { BuildMessage } from '../bundle/build-message.ts'
import type { BundleOptions, BundleResult } from '../bundle/output.ts'
import type { PluginStats } from '../bundle/plugin-host.ts'
import type { BundlerStats } from '../bundle/bundler.ts'
import type { RetiredGeneration } from '../evaluate/generation.ts'
import type { SettingsChanges } from '../config/input.ts'
import type { Explanation } from '../load/explanation.ts'
import type { CacheStats } from '../load/loader.ts'
import type { ModuleGraph } from '../load/module-graph.ts'
import type { Module } from '../module/module.ts'
import type { InvalidateReport } from '../module/reload-report.ts'
import type { WatchSession } from '../module/watch-session.ts'
import type { SystemEvents } from './events.ts'
import type { GuardHandle, GuardOptions } from './guard-handle.ts'
import type { GuardAction, GuardsSnapshot } from './system-guards.ts'

/** How `load` may be bounded. */
export interface LoadOptions {
  readonly signal?: AbortSignal
  /** Covers resolve, build and evaluation; default is the setting `loading.timeoutMs`. */
  readonly timeoutMs?: number
  /** The module is the program itself: `import.meta.main` is true. */
  readonly main?: boolean
}

/** What the process is for. */
export interface ProcessFacts {
  /**
   * The process runs nothing but the modules of this system, so what none of them calls is the
   * program's: it is guarded too, for the owner `main`. Elsewhere it is the host's own, and passes.
   */
  readonly isProgram?: boolean
}

/** What a watch session watches, and who judges new code. */
export interface WatchOptions {
  /** Without it every loaded module is watched, later ones too. */
  readonly entries?: string | readonly string[]
  /** How long the files must be quiet; default is the setting `loading.watchDebounceMs`. */
  readonly debounceMs?: number
  /** Judges each new generation before it serves. */
  readonly verify?: (
    exports: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ) => void | Promise<void>
}

/** What `validate` does beside resolving and building. */
export interface ValidateOptions {
  /** Runs the project's own `tsc --noEmit`. */
  readonly types?: boolean
  /** Imports every external, which runs its code, and looks for the imported names. */
  readonly externals?: boolean
  readonly signal?: AbortSignal
}

/** What `validate` found; `ok` is true when nothing is wrong with any entry or the types. */
export interface ValidationReport {
  readonly ok: boolean
  readonly entries: readonly {
    /** Relative to the root, also of what does not exist. */
    readonly entry: RelPath
    readonly errors: readonly SomonError[]
    readonly warnings: readonly BuildMessage[]
  }[]
  /** Present when types were asked for. */
  readonly types?: { readonly ok: boolean; readonly output: string }
}

/** The counters of a system at one moment; those of `loads` and `cache` count since it was made. */
export interface SystemStats {
  readonly modules: { readonly live: number; readonly retired: number; readonly leaked: number }
  readonly loads: {
    readonly live: number
    readonly memory: number
    readonly disk: number
    readonly miss: number
    readonly failed: number
    /** Loads that wait for a build to begin. */
    readonly queued: number
    readonly building: number
  }
  readonly cache: Omit<CacheStats, 'hits'> & {
    readonly hits: { readonly memory: number; readonly disk: number }
  }
  readonly bundler: BundlerStats
  readonly plugins: readonly PluginStats[]
  readonly retired: readonly RetiredGeneration[]
  /** The guards that were called, keyed by `<owner>:<dependency>`. */
  readonly guards: GuardsSnapshot
}

/** How a shutdown went: modules that were disposed of, and the steps that failed, by name. */
export interface ShutdownReport {
  readonly durationMs: number
  readonly disposed: number
  readonly failures: readonly { readonly name: string; readonly error: unknown }[]
}

/** The programmatic face of somon, as the command line uses it. */
export interface ModuleSystemApi extends AsyncDisposable {
  load<T = Record<string, unknown>>(entry: string | URL, options?: LoadOptions): Promise<Module<T>>
  loadSync<T = Record<string, unknown>>(entry: string | URL, options?: LoadOptions): Module<T>
  bundle(entries: string | readonly string[], options?: BundleOptions): Promise<BundleResult>
  compile(entry: string | URL, options?: { readonly signal?: AbortSignal }): Promise<Artifact>
  validate(
    entries?: string | readonly string[],
    options?: ValidateOptions,
  ): Promise<ValidationReport>
  watch(options?: WatchOptions): Promise<WatchSession>
  invalidate(
    pathsOrEntries?: string | readonly string[],
    options?: { readonly reload?: boolean },
  ): Promise<InvalidateReport>
  graph(entry?: string): ModuleGraph
  explain(entry: string): Promise<Explanation>
  guard(name: string, options?: GuardOptions): GuardHandle
  actOnGuards(action: GuardAction, names?: readonly string[], by?: string): readonly string[]
  configure(changes: SettingsChanges): void
  stats(): SystemStats
  on<Name extends keyof SystemEvents>(
    event: Name,
    listener: Listener<SystemEvents[Name]>,
  ): Unsubscribe
  shutdown(options?: { readonly timeoutMs?: number }): Promise<ShutdownReport>
}
