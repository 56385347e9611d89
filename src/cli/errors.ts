import { defineError, type ErrorFactory } from '../base/error.ts'

/** The first word is no command. */
export const unknownCommand: ErrorFactory<{ command: string; nearest?: string | undefined }> =
  defineError({
    code: 'SOMON_CLI_UNKNOWN_COMMAND',
    when: 'The first word after `somon` is no command.',
    remedy: 'Run somon --help for the list of commands',
    message: ({ command }) => `Cannot run "${command}": it is no command of somon`,
    fix: ({ nearest }) =>
      nearest === undefined
        ? 'Run somon --help for the list of commands'
        : `Did you mean somon ${nearest}? Run somon --help for the list of commands`,
  })

/** A command was given a flag that it does not take. */
export const unknownFlag: ErrorFactory<{
  command: string
  flag: string
  nearest?: string | undefined
}> = defineError({
  code: 'SOMON_CLI_UNKNOWN_FLAG',
  when: 'A command is given a flag that it does not take.',
  remedy: 'Run the command with --help for its flags',
  message: ({ command, flag }) => `Cannot run "somon ${command}": it takes no flag "${flag}"`,
  fix: ({ command, nearest }) =>
    nearest === undefined
      ? `Run somon ${command} --help for its flags`
      : `Did you mean ${nearest}? Run somon ${command} --help for its flags`,
})

/** A positional argument is missing. */
export const missingOperand: ErrorFactory<{ command: string; operand: string; example: string }> =
  defineError({
    code: 'SOMON_CLI_MISSING_OPERAND',
    when: 'A command is run without the entry or word that it needs.',
    remedy: 'Name what the command is to work on',
    message: ({ command, operand }) =>
      `Cannot run "somon ${command}": ${operand} is missing; name what it is to work on`,
    fix: ({ example }) => `Run for example: ${example}`,
  })

/** There are more positional arguments than the command takes. */
export const extraOperand: ErrorFactory<{ command: string; operand: string; usage: string }> =
  defineError({
    code: 'SOMON_CLI_EXTRA_OPERAND',
    when: 'A command is given more arguments than it takes.',
    remedy: 'Leave the argument out, or quote it together with its flag',
    message: ({ command, operand }) =>
      `Cannot run "somon ${command}": "${operand}" is one argument too many`,
    fix: ({ usage }) => `Use it as: ${usage}`,
  })

/** The value of a flag cannot be used. */
export const badValue: ErrorFactory<{
  flag: string
  value: string
  expected: string
  nearest?: string | undefined
}> = defineError({
  code: 'SOMON_CLI_BAD_VALUE',
  when: 'The value of a flag or argument is not one that it takes.',
  remedy: 'Give the flag one of the values that the message lists',
  message: ({ flag, value, expected }) => `Cannot use ${flag} "${value}": expected ${expected}`,
  fix: ({ flag, expected, nearest }) =>
    nearest === undefined
      ? `Give ${flag} ${expected}`
      : `Did you mean "${nearest}"? Otherwise give ${flag} ${expected}`,
})

/** Two flags exclude each other, or one needs another. */
export const flagConflict: ErrorFactory<{ flag: string; because: string; instead: string }> =
  defineError({
    code: 'SOMON_CLI_FLAG_CONFLICT',
    when: 'Two flags of one command exclude each other, or one needs another.',
    remedy: 'Leave one of the two flags out',
    message: ({ flag, because }) => `Cannot use ${flag}: ${because}`,
    fix: ({ instead }) => instead,
  })

/** `graph --why` names a file that is not in the graph. */
export const notInGraph: ErrorFactory<{ file: string; nearest?: string | undefined }> = defineError(
  {
    code: 'SOMON_CLI_NOT_IN_GRAPH',
    when: 'The flag `--why` of `somon graph` names a file that no entry imports.',
    remedy: 'Name a file that the entry imports, relative to the project root',
    message: ({ file }) => `Cannot explain "${file}": no entry imports it`,
    fix: ({ nearest }) =>
      nearest === undefined
        ? 'Name a file that the entry imports, relative to the project root'
        : `Did you mean "${nearest}"?`,
  },
)

/** A file that a flag names cannot be read. */
export const unreadableFile: ErrorFactory<{ flag: string; file: string; why: string }> =
  defineError({
    code: 'SOMON_CLI_UNREADABLE_FILE',
    when: 'A file that a flag names cannot be read.',
    remedy: 'Check the path and its permissions',
    message: ({ flag, file, why }) => `Cannot read "${file}" of ${flag}: ${why}`,
    fix: ({ file }) => `Check that "${file}" exists and may be read`,
  })

/** The export of `run --verify` rejected a new generation. */
export const verifyRefused: ErrorFactory<{ name: string; why: string }> = defineError({
  code: 'SOMON_CLI_VERIFY_REFUSED',
  when: 'The export named by `run --verify` does not accept a new generation.',
  remedy: 'Correct what the export checks; the old generation goes on serving',
  message: ({ name, why }) => `Cannot accept the new generation: export "${name}": ${why}`,
})

/** The event loop is empty while the program still starts. */
export const neverSettles: ErrorFactory<{ entry: string }> = defineError({
  code: 'SOMON_CLI_NEVER_SETTLES',
  when: 'Nothing is left running that could settle the top-level await of a program.',
  remedy: 'Find the promise that never settles, or give it a deadline',
  message: ({ entry }) =>
    `Cannot run "${entry}": its top-level await never settles; nothing is left running that could settle it`,
})

/** Something that is not a coded error reached the command line: a defect, or a program's own. */
export const unexpected: ErrorFactory<{ reason: string }> = defineError({
  code: 'SOMON_CLI_UNEXPECTED',
  when: 'An error without a code reaches the command line.',
  remedy: 'Look at the cause below it; if it lies in somon, report it with this text',
  message: ({ reason }) => `Cannot finish: ${reason}`,
})
