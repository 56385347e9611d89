import { canonicalJson } from '../base/canonical-json.ts'
import type { SomonPlugin } from './plugin.ts'

/**
 * Gives a plugin a cache key from outside, when it has none of its own.
 *
 * The configuration names plugins by package: their key is `name@version` and the options in
 * canonical JSON (`pluginPackageKey`), which covers a plugin that depends on nothing else.
 */
export function keyedPlugin(plugin: SomonPlugin, key: string): SomonPlugin {
  return plugin.cacheKey === undefined ? { ...plugin, cacheKey: key } : plugin
}

/**
 * The key of a plugin that the configuration names by package.
 *
 * @throws TypeError when the options hold a function, whose closure no text can stand for
 */
export function pluginPackageKey(name: string, version: string, options: unknown): string {
  return `${name}@${version} ${canonicalJson(options ?? null)}`
}
