import { VERSION } from '../base/version.ts'
import type { CommandContext, CommandModule } from './command.ts'
import type { CommandSpec } from './command-table.ts'
import type { CliHost } from './host.ts'
import { EXIT, processHost } from './host.ts'
import type { OutputLevel } from './output.ts'
import { Output } from './output.ts'
import type { Flags } from './parse-arguments.ts'
import { parseArguments } from './parse-arguments.ts'

/**
 * Runs one command line, without the program's name.
 *
 * It never ends the process: it sets the exit code and lets pending output drain. A command's
 * code is imported when that command runs, and nothing else is.
 */
export async function main(argv: readonly string[], host: CliHost = processHost()): Promise<void> {
  const early = earlyOutput(argv, host)
  try {
    const invocation = parseArguments(argv)
    switch (invocation.kind) {
      case 'version':
        return early.result(VERSION, VERSION)
      case 'help': {
        const { helpText } = await import('./arguments.ts')
        return early.raw(helpText(invocation.command, host.out.columns))
      }
      case 'command':
        await runCommand(invocation, host)
    }
  } catch (thrown) {
    const { code } = early.error(thrown)
    host.exit(code.startsWith('SOMON_CLI_') && code !== UNEXPECTED ? EXIT.usage : EXIT.internal)
  }
}

const UNEXPECTED = 'SOMON_CLI_UNEXPECTED'

async function runCommand(
  invocation: {
    readonly command: CommandSpec
    readonly operands: readonly string[]
    readonly rest: readonly string[]
    readonly flags: Flags
  },
  host: CliHost,
): Promise<void> {
  const { command, operands, rest, flags } = invocation
  const output = new Output({
    command: command.name,
    out: host.out,
    err: host.err,
    json: flags.isOn('json'),
    level: (flags.text('log-level') ?? 'info') as OutputLevel,
    color: flags.get('color') as boolean | undefined,
  })
  try {
    const { run } = await importCommand(command.name)
    const context: CommandContext = { host, output, operands, rest, flags }
    const code = await run(context)
    if (code !== undefined) host.exit(code)
  } catch (thrown) {
    host.exit(exitCodeOf(output.error(thrown).code))
  }
}

/** Usage and configuration are the caller's to correct; the rest is what was asked about. */
function exitCodeOf(code: string): number {
  if (code === UNEXPECTED) return EXIT.internal
  if (code === 'SOMON_CLI_INTERRUPTED') return EXIT.interrupted
  return /^SOMON_(?:CLI|CONFIG)_/.test(code) ? EXIT.usage : EXIT.failed
}

/** Literal imports, so that bundlers and knip can follow them. */
function importCommand(name: string): Promise<CommandModule> {
  switch (name) {
    case 'bundle':
      return import('./commands/bundle.ts')
    case 'run':
      return import('./commands/run.ts')
    case 'watch':
      return import('./commands/watch.ts')
    case 'graph':
      return import('./commands/graph.ts')
    case 'explain':
      return import('./commands/explain.ts')
    case 'check':
      return import('./commands/check.ts')
    case 'cache':
      return import('./commands/cache.ts')
    case 'doctor':
      return import('./commands/doctor.ts')
    case 'completion':
      return import('./commands/completion.ts')
    default:
      throw new TypeError(`Cannot run "${name}": it has no module`)
  }
}

/** Before the flags are read only their plainest spelling can be honoured. */
function earlyOutput(argv: readonly string[], host: CliHost): Output {
  const words = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv
  return new Output({
    command: words.find((word) => !word.startsWith('-')) ?? '',
    out: host.out,
    err: host.err,
    json: words.includes('--json'),
    level: 'info',
    color: words.includes('--no-color') ? false : undefined,
  })
}
