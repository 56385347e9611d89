import type { CliHost } from './host.ts'
import type { Output } from './output.ts'
import type { Flags } from './parse-arguments.ts'

/** What a command is run with. */
export interface CommandContext {
  readonly host: CliHost
  readonly output: Output
  readonly operands: readonly string[]
  /** What stands after `--`. */
  readonly rest: readonly string[]
  readonly flags: Flags
}

/**
 * A file of `commands/`: it returns the exit code, undefined when the program that it runs decides
 * it, and throws coded errors.
 */
export interface CommandModule {
  readonly run: (context: CommandContext) => Promise<number | undefined>
  /** True where a failure ends the process at once: a program may have left timers or servers. */
  readonly endsOnFailure?: boolean
}
