import type { SomonError } from '../base/error.ts'

/** What the plugins of a system tell. */
export interface PluginEvents {
  /** A hook failed whose failure stops nothing: `built`, `retire`, `watchChange`, `onDispose`. */
  'plugin.failed': { readonly plugin: string; readonly hook: string; readonly error: SomonError }
  /** A plugin has no cache key: what it takes part in stays in memory. Once per plugin list. */
  'plugin.uncacheable': { readonly plugin: string }
}
