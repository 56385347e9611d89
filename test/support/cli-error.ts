import { SomonError } from '../../src/base/error.ts'
import type { CommandModule } from '../../src/cli/command.ts'
import { Output } from '../../src/cli/output.ts'
import { parseArguments } from '../../src/cli/parse-arguments.ts'
import type { Fixture } from './fixture.ts'

const silent = { write: () => true }

/** Runs a command in this process, in the folder of a fixture, and lets its error through. */
export async function provokeCommand(
  { run }: CommandModule,
  argv: readonly string[],
  fixture: Fixture,
): Promise<void> {
  const invocation = parseArguments([...argv, '--root', fixture.root])
  if (invocation.kind !== 'command') throw new TypeError(`Cannot run "${argv.join(' ')}"`)
  const { command, operands, rest, flags } = invocation
  const host = {
    cwd: fixture.root,
    env: {},
    out: silent,
    err: silent,
    exit: () => {},
    end: async () => {},
  }
  const output = new Output({
    ...{ command: command.name, out: silent, err: silent, json: false },
    level: 'silent',
    color: false,
  })
  await run({ host, output, operands, rest, flags })
}

/** Reads a command line that is wrong; returns the error. */
export function provokeArguments(argv: readonly string[]): SomonError {
  try {
    parseArguments(argv)
  } catch (error) {
    if (error instanceof SomonError) return error
    throw error
  }
  throw new Error(`Nothing is wrong with "${argv.join(' ')}"`)
}
