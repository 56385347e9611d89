import { Argument, Command, Option } from 'commander'
import { VERSION } from '../base/version.ts'
import type { CommandSpec, FlagSpec } from './command-table.ts'
import { COMMANDS, GLOBAL_FLAGS } from './command-table.ts'

/**
 * Lays out `--help` of somon or of one command.
 *
 * commander does the layout; parsing is `parse-arguments.ts`, because importing commander costs
 * more than validating a cached bundle.
 *
 * @param columns - width of the terminal; undefined means 80
 */
export function helpText(spec: CommandSpec | undefined, columns = 80): string {
  const help = spec === undefined ? programHelp() : commandHelp(spec)
  help.configureHelp({ helpWidth: columns })
  return help.helpInformation() + epilogue(spec)
}

function programHelp(): Command {
  const program = new Command('somon')
    .usage('<command> [arguments] [flags]')
    .description('Bundle, load and hot-swap TypeScript. Version ' + VERSION)
    .helpOption('-h, --help', 'show help; after a command, help for that command')
    .helpCommand(false)
  program.option('-v, --version', 'print the version')
  for (const spec of COMMANDS) program.addCommand(new Command(spec.name).summary(spec.doc))
  addFlags(program, GLOBAL_FLAGS)
  return program
}

function commandHelp(spec: CommandSpec): Command {
  const command = new Command(`somon ${spec.name}`)
    .description(spec.doc)
    .usage(`${spec.operands} [flags]`.trim())
    .helpOption('-h, --help', 'show this help')
  for (const word of spec.words ?? []) command.addArgument(new Argument(`[${word}]`))
  command.configureHelp({ visibleArguments: () => [] })
  addFlags(command, spec.flags)
  addFlags(command, GLOBAL_FLAGS)
  return command
}

function addFlags(command: Command, flags: readonly FlagSpec[]): void {
  for (const flag of flags) {
    const choices = flag.choices === undefined ? '' : ` (${flag.choices.join(', ')})`
    command.addOption(new Option(spelling(flag), flag.doc + choices))
  }
}

/** Flags that are on by default are shown by the spelling that turns them off. */
function spelling(flag: FlagSpec): string {
  if (flag.name === 'cache' || flag.name === 'color') return `--no-${flag.name}`
  const short = flag.short === undefined ? '' : `-${flag.short}, `
  const value = flag.value ?? flag.name
  switch (flag.kind) {
    case 'boolean':
      return `${short}--${flag.name}`
    case 'optional':
      return `${short}--${flag.name} [=${value}]`
    case 'string':
    case 'list':
    case 'map':
    case 'integer':
    case 'duration':
    case 'bytes':
    default:
      return `${short}--${flag.name} <${value}>`
  }
}

function epilogue(spec: CommandSpec | undefined): string {
  if (spec === undefined) {
    return '\nExit codes: 0 done, 1 findings or failure, 2 wrong usage, 130 interrupted.\n'
  }
  return `\nExamples:\n${spec.examples.map((line) => `  $ ${line}\n`).join('')}`
}
