import { VERSION } from '../base/version.ts'
import type { CommandModule } from './command.ts'
import { execute, exitCodeOf } from './execute.ts'
import type { CliHost } from './host.ts'
import { processHost } from './host.ts'
import { Output } from './output.ts'
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
        return earlyOutput(argv, host, 'version').result(VERSION, VERSION)
      case 'help': {
        const { helpText } = await import('./arguments.ts')
        return early.raw(helpText(invocation.command, host.out.columns))
      }
      case 'command':
        await execute(invocation, host, await importCommand(invocation.command.name))
    }
  } catch (thrown) {
    const { code } = early.error(thrown)
    host.exit(exitCodeOf(code))
  }
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
    case 'config':
      return import('./commands/config.ts')
    case 'doctor':
      return import('./commands/doctor.ts')
    case 'completion':
      return import('./commands/completion.ts')
    default:
      throw new TypeError(`Cannot run "${name}": it has no module`)
  }
}

/** Before the flags are read only their plainest spelling can be honoured. */
function earlyOutput(argv: readonly string[], host: CliHost, command?: string): Output {
  const words = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv
  return new Output({
    command: command ?? words.find((word) => !word.startsWith('-')) ?? '',
    out: host.out,
    err: host.err,
    json: words.includes('--json'),
    level: 'info',
    color: words.includes('--no-color') ? false : undefined,
  })
}
