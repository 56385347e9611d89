import type { CommandModule } from './command.ts'
import type { CliHost } from './host.ts'
import { EXIT } from './host.ts'
import type { OutputLevel } from './output.ts'
import { Output } from './output.ts'
import type { Invocation } from './parse-arguments.ts'

/** Runs one command and reports what it throws; sets the exit code unless its program does. */
export async function execute(
  invocation: Extract<Invocation, { readonly kind: 'command' }>,
  host: CliHost,
  { run, endsOnFailure }: CommandModule,
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
    const code = await run({ host, output, operands, rest, flags })
    if (code !== undefined) host.exit(code)
  } catch (thrown) {
    const code = exitCodeOf(output.error(thrown).code)
    if (endsOnFailure === true) await host.end(code)
    else host.exit(code)
  }
}

/** Usage and configuration are the caller's to correct; the rest is what was asked about. */
export function exitCodeOf(code: string): number {
  if (code === 'SOMON_CLI_UNEXPECTED') return EXIT.internal
  if (code === 'SOMON_CLI_NEVER_SETTLES') return EXIT.failed
  return USAGE.test(code) ? EXIT.usage : EXIT.failed
}

const USAGE = /^SOMON_(?:CLI_|CONFIG_|BUNDLE_OPTION_|SYSTEM_ROOT_MISSING$)/
