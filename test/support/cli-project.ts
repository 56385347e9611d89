import type { Fixture } from './fixture.ts'
import { runCli, type CliOptions, type CliRun } from './run-cli.ts'

/** The files of a small sound project with one import. */
export const CLI_PROJECT = {
  'package.json': '{"name":"app","type":"module"}',
  'src/main.ts':
    "import { part } from './part.ts'\nconsole.log(part, process.argv.slice(2).join())\n",
  'src/part.ts': "export const part: string = process.env.PART ?? 'part'\n",
}

/** Runs a command line in a project. */
export function cli(fixture: Fixture, ...argv: string[]): Promise<CliRun> {
  return runCli(argv, { cwd: fixture.root })
}

/** Runs a command line that goes on until `onOutput` ends it. */
export function cliUntil(
  fixture: Fixture,
  argv: readonly string[],
  onOutput: NonNullable<CliOptions['onOutput']>,
): Promise<CliRun> {
  return runCli(argv, { cwd: fixture.root, onOutput })
}
