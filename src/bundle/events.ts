import type { SomonError } from '../base/error.ts'
import type { RelPath } from '../base/project-path.ts'

/** What a build is for: an artifact that is loaded, or files on disk. */
export type BuildPurpose = 'artifact' | 'output'

/** What the builds of a system tell. */
export interface BundleEvents {
  /** One entry was built. A batch tells it once per entry, each with the batch's duration. */
  'bundle.finished': {
    readonly entry: RelPath
    readonly purpose: BuildPurpose
    readonly durationMs: number
    readonly bytes: number
    readonly inputs: number
    readonly warnings: number
  }
  'bundle.failed': {
    readonly entry: RelPath
    readonly purpose: BuildPurpose
    readonly durationMs: number
    readonly error: SomonError
  }
  /** The esbuild service was stopped to give back its memory; the next build starts a new one. */
  'bundle.service-recycled': {
    readonly reason: 'memory' | 'builds'
    /** Undefined where it cannot be read. */
    readonly rssBytes: number | undefined
    readonly builds: number
  }
}

/** What the plugins of a system tell. */
export interface PluginEvents {
  /** A hook failed whose failure stops nothing: `built`, `retire`, `watchChange`, `onDispose`. */
  'plugin.failed': { readonly plugin: string; readonly hook: string; readonly error: SomonError }
  /** A plugin has no cache key: what it takes part in stays in memory. Once per plugin list. */
  'plugin.uncacheable': { readonly plugin: string }
}
