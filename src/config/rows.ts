import { settingsTable } from './schema.ts'
import type { SettingRow } from './setting-row.ts'

/** The rows by path. */
export const rowsByPath: ReadonlyMap<string, SettingRow> = new Map(
  settingsTable.map((row) => [row.path, row]),
)

/** The rows by their other names in files and options. */
export const aliasRows: ReadonlyMap<string, SettingRow> = new Map(
  settingsTable.flatMap((row) => row.aliases.map((alias) => [alias, row] as const)),
)

/** The rows by variable; put together when one of ours is set, and most processes have none. */
export function rowsByVariable(): ReadonlyMap<string, SettingRow> {
  return new Map(settingsTable.flatMap((row) => row.env.map((name) => [name, row] as const)))
}
