import { createEsbuildPlugin, type UnpluginOptions } from 'unplugin'
import type { EsbuildPlugin } from './esbuild.ts'

/** One plugin as unplugin takes it. */
export type NestedPlugin = UnpluginOptions

/**
 * Makes ONE esbuild plugin of many: passed to esbuild one by one, only the first `onLoad` of a
 * file would run (evanw/esbuild#1902), so a file could have one transform.
 */
export function nestPlugins(plugins: readonly NestedPlugin[]): EsbuildPlugin {
  return createEsbuildPlugin(() => [...plugins])(undefined)
}
