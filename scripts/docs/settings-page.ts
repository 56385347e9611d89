import { COMMANDS, GLOBAL_FLAGS } from '../../src/cli/command-table.ts'
import { dependencyTable } from '../../src/config/dependency-rows.ts'
import { settingsTable } from '../../src/config/schema.ts'
import type { SettingRow } from '../../src/config/setting-row.ts'
import { code, page, sentence, table } from './markdown.ts'

/** The table of settings: every path with its type, default and sources. */
export function settingsPage(): string {
  const groups = Map.groupBy(settingsTable, ({ path }) => path.split('.')[0] ?? '')
  const sections = [...groups].map(([name, rows]) =>
    [`## ${name}`, rows.map(section).join('\n\n')].join('\n\n'),
  )
  const pages = [INTRODUCTION, overview(), ...sections, dependencies()]
  return page('Settings', '`src/config/schema.ts`', pages)
}

const INTRODUCTION = `Sources in ascending order of strength: defaults, the configuration file, environment variables,
flags and options of the constructor. Unknown names are errors that name the nearest known one. Settings
are fixed when a system is made, but for those that say "live": \`system.configure()\` changes them in the
running system.`

function overview(): string {
  const rows = settingsTable.map((row) => [
    `[${code(row.path)}](#${anchorOf(row.path)})`,
    code(row.defaultText),
    sentence(row.doc),
  ])
  return table(['setting', 'default', 'what it does'], rows)
}

/** What one dependency may have; its names follow those of `guard`. */
function dependencies(): string {
  const rows = [...dependencyTable].map(([path, row]) => [
    code(path),
    row.expected,
    sentence(row.doc),
  ])
  return [
    '## guard.dependencies.NAME',
    `Each setting of a dependency wins over that of \`guard\` with the same name. A variable is made of
\`SOMON_GUARD__DEPENDENCIES__\`, the name in upper case with \`_\` for every other sign, and the setting:
\`SOMON_GUARD__DEPENDENCIES__PAYMENTS__TIMEOUT_MS\`.`,
    table(['setting', 'expected', 'what it does'], rows),
  ].join('\n\n')
}

/** Headings become anchors the way GitHub makes them: lower case, without dots. */
function anchorOf(path: string): string {
  return path.toLowerCase().replaceAll('.', '')
}

function section(row: SettingRow): string {
  const facts: (readonly [string, string])[] = [
    ['expected', row.expected],
    ['default', code(row.defaultText)],
    ['variables', row.env.map(code).join(', ')],
    ['flag', flagOf(row)],
    ['short forms', switchesOf(row)],
    ['other names', row.aliases.map(code).join(', ')],
    ['changes', row.live ? 'live' : ''],
    ['printed', row.secret ? 'never' : ''],
  ]
  const known = facts.filter(([, value]) => value !== '')
  return [
    `### ${row.path}`,
    sentence(row.doc),
    known.map(([name, value]) => `- ${name}: ${value}`).join('\n'),
  ].join('\n\n')
}

/** The flag of a setting where the command line has it, with the commands that take it. */
function flagOf({ flag }: SettingRow): string {
  const name = flag.replace(/^--/, '')
  if (GLOBAL_FLAGS.some((known) => known.name === name)) return code(flag)
  const commands = COMMANDS.filter(({ flags }) => flags.some((known) => known.name === name))
  if (commands.length === 0) return ''
  return `${code(flag)} of ${commands.map((command) => code(command.name)).join(', ')}`
}

function switchesOf({ switches }: SettingRow): string {
  return Object.entries(switches)
    .map(([name, value]) => `${code(name)} means ${code(value)}`)
    .join(', ')
}
