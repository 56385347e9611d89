import { nearest } from '../base/nearest.ts'
import { dependencyRowAt } from './dependency-rows.ts'
import { configUnknownPath } from './errors.ts'
import { shownValue, type SourceName } from './layer.ts'
import { aliasRows, rowsByPath } from './rows.ts'
import type { SettingRow } from './setting-row.ts'
import { collectLayers, type SettingSources } from './sources.ts'

/** Where the value of one setting comes from. Values are printed as JSON, secrets as `"***"`. */
export interface SettingExplanation {
  readonly path: string
  readonly value: string
  readonly source: SourceName
  /** Every source that sets it, weakest first; the last one wins. */
  readonly layers: readonly {
    readonly source: SourceName
    readonly at: string
    readonly value: string
  }[]
  readonly env: readonly string[]
  readonly flag: string
  readonly aliases: readonly string[]
  readonly doc: string
}

/**
 * Says where the value of a setting comes from and what else could set it.
 *
 * @param path - path or alias
 * @throws SomonError SOMON_CONFIG_UNKNOWN_PATH; and what `resolveSettings` throws
 */
export function explainSetting(path: string, sources: SettingSources): SettingExplanation {
  const row = settingAt(path)
  const fallback = row.defaultFor(sources.profile, sources.env)
  const layers: { source: SourceName; at: string; value: string }[] = [
    { source: 'default', at: sources.profile, value: shownValue(row, fallback) },
  ]
  for (const { source, entries } of collectLayers(sources)) {
    const entry = entries.get(row.path)
    if (entry !== undefined) {
      layers.push({ source, at: entry.at, value: shownValue(row, entry.value) })
    }
  }
  const winner = layers.at(-1) ?? { source: 'default', value: '' }
  const { env, flag, aliases, doc } = row
  const { source, value } = winner
  return { path: row.path, value, source, layers, env, flag, aliases, doc }
}

/**
 * Finds a setting by its path or by another name of it.
 *
 * @throws SomonError SOMON_CONFIG_UNKNOWN_PATH
 */
export function settingAt(path: string): SettingRow {
  const row = rowsByPath.get(path) ?? aliasRows.get(path) ?? dependencyRowAt(path)
  if (row !== undefined) return row
  throw configUnknownPath({ path, nearest: nearest(path, rowsByPath.keys()) ?? null })
}
