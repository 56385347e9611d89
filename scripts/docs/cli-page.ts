import {
  COMMANDS,
  GLOBAL_FLAGS,
  type CommandSpec,
  type FlagSpec,
} from '../../src/cli/command-table.ts'
import { block, code, page, sentence, table } from './markdown.ts'

/** The commands with their flags and examples. */
export function cliPage(): string {
  return page('Command line', '`src/cli/command-table.ts`', [
    block('text', 'somon [global flags] <command> [flags] [arguments]'),
    table(
      ['command', 'what it does'],
      COMMANDS.map((command) => [`[${code(command.name)}](#somon-${command.name})`, command.doc]),
    ),
    '## Global flags',
    flagTable(GLOBAL_FLAGS),
    ...COMMANDS.map(section),
  ])
}

function section(command: CommandSpec): string {
  const usage = `somon ${command.name} ${command.operands}`.trim()
  const parts = [`## somon ${command.name}`, sentence(command.doc), block('text', usage)]
  if (command.flags.length > 0) parts.push(flagTable(command.flags))
  if (command.examples.length > 0) parts.push(block('sh', command.examples.join('\n')))
  return parts.join('\n\n')
}

function flagTable(flags: readonly FlagSpec[]): string {
  return table(
    ['flag', 'values', 'what it does'],
    flags.map((flag) => [
      code(spellingOf(flag)),
      (flag.choices ?? []).map(code).join(', '),
      sentence(flag.doc),
    ]),
  )
}

function spellingOf(flag: FlagSpec): string {
  const short = flag.short === undefined ? '' : `-${flag.short}, `
  if (flag.kind === 'boolean') return `${short}--[no-]${flag.name}`
  const value = `<${flag.value ?? 'value'}>`
  return `${short}--${flag.name}${flag.kind === 'optional' ? `[=${value}]` : `=${value}`}`
}
