import type { SomonError } from '../base/error.ts'
import { nearest } from '../base/nearest.ts'
import { parseBytes, parseDuration } from '../base/units.ts'
import type { CommandSpec, FlagSpec } from './command-table.ts'
import { COMMANDS, findCommand, GLOBAL_FLAGS } from './command-table.ts'
import { badValue, extraOperand, missingOperand, unknownCommand, unknownFlag } from './errors.ts'

/** The value of one flag, as its kind says. */
export type FlagValue = boolean | string | number | readonly string[] | Record<string, string>

/** A command line that was understood. */
export type Invocation =
  | { readonly kind: 'version' }
  | { readonly kind: 'help'; readonly command: CommandSpec | undefined }
  | {
      readonly kind: 'command'
      readonly command: CommandSpec
      readonly operands: readonly string[]
      /** What stands after `--`. */
      readonly rest: readonly string[]
      readonly flags: Flags
    }

/** The flags that were given, by name; each read as what its kind says it is. */
export class Flags {
  readonly #values: ReadonlyMap<string, FlagValue>

  constructor(values: ReadonlyMap<string, FlagValue>) {
    this.#values = values
  }

  get(name: string): FlagValue | undefined {
    return this.#values.get(name)
  }

  has(name: string): boolean {
    return this.#values.has(name)
  }

  isOn(name: string): boolean {
    return this.#values.get(name) === true
  }

  text(name: string): string | undefined {
    const value = this.#values.get(name)
    return typeof value === 'string' ? value : undefined
  }

  number(name: string): number | undefined {
    const value = this.#values.get(name)
    return typeof value === 'number' ? value : undefined
  }

  list(name: string): readonly string[] | undefined {
    const value = this.#values.get(name)
    return Array.isArray(value) ? value : undefined
  }

  map(name: string): Readonly<Record<string, string>> | undefined {
    const value = this.#values.get(name)
    return typeof value === 'object' && !Array.isArray(value)
      ? (value as Readonly<Record<string, string>>)
      : undefined
  }
}

/**
 * Reads a command line against the command table, strictly: nothing is guessed.
 *
 * Flags may stand before or after the command and between its arguments; a value follows after
 * `=` or as the next word, for `optional` flags after `=` only.
 *
 * @throws SomonError SOMON_CLI_UNKNOWN_COMMAND, SOMON_CLI_UNKNOWN_FLAG,
 *   SOMON_CLI_MISSING_OPERAND, SOMON_CLI_EXTRA_OPERAND, SOMON_CLI_BAD_VALUE
 */
export function parseArguments(argv: readonly string[]): Invocation {
  const end = argv.indexOf('--')
  const words = end < 0 ? argv : argv.slice(0, end)
  const command = commandOf(words)
  if (words.includes('--help') || words.includes('-h')) return { kind: 'help', command }
  if (command === undefined) {
    if (words.includes('--version') || words.includes('-v')) return { kind: 'version' }
    const first = words.find((word) => !word.startsWith('-'))
    if (first === 'help' || (first === undefined && words.length === 0)) return helpOf(words)
    if (first !== undefined && !isFlagValue(words, first)) throw noCommand(first)
  }
  const read = readWords(words, command)
  if (command === undefined) throw missing(HELP_SPEC, '<command>')
  const rest = end < 0 ? [] : argv.slice(end + 1)
  const operands = command.name === 'run' ? read.operands : [...read.operands, ...rest]
  checkOperands(command, operands)
  return { kind: 'command', command, operands, rest, flags: new Flags(read.values) }
}

const HELP_SPEC = { name: '', operands: '<command>', examples: ['somon --help'] }

function helpOf(words: readonly string[]): Invocation {
  const named = words[words.indexOf('help') + 1]
  return { kind: 'help', command: named === undefined ? undefined : findCommand(named) }
}

/** The first word that is neither a flag nor the value of a global flag. */
function commandOf(words: readonly string[]): CommandSpec | undefined {
  const word = words.find((item) => !item.startsWith('-') && !isFlagValue(words, item))
  return word === undefined ? undefined : findCommand(word)
}

function isFlagValue(words: readonly string[], word: string): boolean {
  const before = words[words.indexOf(word) - 1]
  const spec = GLOBAL_FLAGS.find((item) => `--${item.name}` === before)
  return spec !== undefined && spec.kind === 'string'
}

function noCommand(command: string): SomonError {
  const names = COMMANDS.map((item) => item.name)
  return unknownCommand({ command, nearest: nearest(command, names) })
}

interface ReadWords {
  readonly operands: string[]
  readonly values: Map<string, FlagValue>
}

function readWords(words: readonly string[], command: CommandSpec | undefined): ReadWords {
  const specs = [...(command?.flags ?? []), ...GLOBAL_FLAGS]
  const operands: string[] = []
  const values = new Map<string, FlagValue>()
  let commandSeen = false
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? ''
    if (!word.startsWith('-') || word === '-') {
      if (!commandSeen && word === command?.name) commandSeen = true
      else operands.push(word)
      continue
    }
    const { spec, negated, value } = readFlag(word, specs, command)
    if (spec.kind === 'boolean') {
      values.set(spec.name, readSwitch(spec, value, negated))
      continue
    }
    let text = value
    if (text === undefined && spec.kind !== 'optional') {
      i += 1
      text = words[i]
      if (text === undefined) throw bad(spec, '')
    }
    values.set(spec.name, readValue(spec, text ?? spec.implied ?? '', values.get(spec.name)))
  }
  return { operands, values }
}

function readFlag(
  word: string,
  specs: readonly FlagSpec[],
  command: CommandSpec | undefined,
): { readonly spec: FlagSpec; readonly negated: boolean; readonly value: string | undefined } {
  const equals = word.indexOf('=')
  const name = equals < 0 ? word : word.slice(0, equals)
  const value = equals < 0 ? undefined : word.slice(equals + 1)
  for (const spec of specs) {
    if (name === `--${spec.name}` || name === `-${spec.short ?? ''}`) {
      return { spec, negated: false, value }
    }
    if (spec.kind === 'boolean' && name === `--no-${spec.name}`) {
      return { spec, negated: true, value }
    }
  }
  const known = specs.flatMap((spec) =>
    spec.kind === 'boolean' ? [`--${spec.name}`, `--no-${spec.name}`] : [`--${spec.name}`],
  )
  throw unknownFlag({
    command: command?.name ?? '',
    flag: name,
    nearest: nearest(name, [...known, '--help', '--version']),
  })
}

function readSwitch(spec: FlagSpec, value: string | undefined, negated: boolean): boolean {
  if (value !== undefined && !['true', 'false'].includes(value)) throw bad(spec, value)
  return (value !== 'false') !== negated
}

function readValue(spec: FlagSpec, text: string, before: FlagValue | undefined): FlagValue {
  switch (spec.kind) {
    case 'list':
      return [
        ...(Array.isArray(before) ? before : []),
        ...text.split(',').filter((item) => item !== ''),
      ]
    case 'map':
      return readPair(spec, text, before)
    case 'integer':
      if (!/^\d{1,15}$/.test(text)) throw bad(spec, text)
      return Number(text)
    case 'duration':
      return parseDuration(text) ?? refuse(spec, text)
    case 'bytes':
      return parseBytes(text) ?? refuse(spec, text)
    case 'string':
    case 'optional':
    case 'boolean':
    default:
      if (spec.choices !== undefined && !spec.choices.includes(text)) throw bad(spec, text)
      return text
  }
}

function readPair(
  spec: FlagSpec,
  text: string,
  before: FlagValue | undefined,
): Record<string, string> {
  const equals = text.indexOf('=')
  if (equals < 1) throw bad(spec, text)
  return {
    ...(before as Record<string, string> | undefined),
    [text.slice(0, equals)]: text.slice(equals + 1),
  }
}

function refuse(spec: FlagSpec, text: string): never {
  throw bad(spec, text)
}

function bad(spec: FlagSpec, value: string): SomonError {
  return badValue({
    flag: `--${spec.name}`,
    value,
    expected: expectation(spec),
    nearest: nearest(value, spec.choices ?? []),
  })
}

function expectation(spec: FlagSpec): string {
  if (spec.choices !== undefined) return `one of ${spec.choices.join(', ')}`
  switch (spec.kind) {
    case 'boolean':
      return 'no value, true or false'
    case 'map':
      return spec.value ?? 'key=value'
    case 'integer':
      return 'a whole number such as 3'
    case 'duration':
      return 'a time such as 250 or 30s'
    case 'bytes':
      return 'a size such as 100MiB'
    case 'string':
    case 'list':
    case 'optional':
    default:
      return `a ${spec.value ?? 'value'}`
  }
}

function checkOperands(command: CommandSpec, operands: readonly string[]): void {
  if (operands.length < command.count.min) throw missing(command, command.operands)
  const extra = operands[command.count.max]
  if (extra !== undefined) {
    const usage = `somon ${command.name} ${command.operands}`.trim()
    throw extraOperand({ command: command.name, operand: extra, usage })
  }
  const [first] = operands
  if (command.words === undefined || first === undefined || command.words.includes(first)) return
  throw badValue({
    flag: `somon ${command.name}`,
    value: first,
    expected: `one of ${command.words.join(', ')}`,
    nearest: nearest(first, command.words),
  })
}

function missing(
  command: Pick<CommandSpec, 'name' | 'operands' | 'examples'>,
  operand: string,
): SomonError {
  const example = command.examples[0] ?? 'somon --help'
  return missingOperand({ command: command.name, operand, example })
}
