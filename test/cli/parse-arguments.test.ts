import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { COMMANDS, GLOBAL_FLAGS } from '../../src/cli/command-table.ts'
import { parseArguments, type Flags } from '../../src/cli/parse-arguments.ts'
import { provokeArguments } from '../support/cli-error.ts'

describe('parseArguments()', () => {
  test('reads every kind of flag, in both spellings of a value', () => {
    const flags = flagsOf([
      'bundle', 'a.ts', '--outdir', 'out', '--format=cjs', '--minify', '--no-cache',
      '--external', 'a,b', '--external=c', '--define', 'A=1', '--define=B=x=y', '--sourcemap',
    ]) // prettier-ignore

    expect(flags.text('outdir')).toBe('out')
    expect(flags.text('format')).toBe('cjs')
    expect(flags.get('minify')).toBe(true)
    expect(flags.get('cache')).toBe(false)
    expect(flags.list('external')).toEqual(['a', 'b', 'c'])
    expect(flags.map('define')).toEqual({ A: '1', B: 'x=y' })
    expect(flags.text('sourcemap')).toBe('linked')
    expect(flags.has('target')).toBe(false)
  })

  test('takes no following word for a flag whose value is optional', () => {
    const invocation = parseArguments(['bundle', '--sourcemap', 'a.ts', '--metafile'])

    expect(invocation).toMatchObject({ kind: 'command', operands: ['a.ts'] })
  })

  test('reads sizes and times with their units', () => {
    const flags = flagsOf(['cache', 'prune', '--max-size=1.5MiB', '--max-age', '2d'])

    expect(flags.number('max-size')).toBe(1.5 * 2 ** 20)
    expect(flags.number('max-age')).toBe(2 * 86_400e3)
  })

  test('hands what follows -- to the program of run, and takes it as entries elsewhere', () => {
    const run = parseArguments(['run', 'a.ts', '--', '--watch', 'x'])
    const bundle = parseArguments(['bundle', 'a.ts', '--', '--odd-name.ts'])

    expect(run).toMatchObject({ operands: ['a.ts'], rest: ['--watch', 'x'] })
    expect(bundle).toMatchObject({ operands: ['a.ts', '--odd-name.ts'] })
  })

  test('takes flags that every command has before the command', () => {
    const invocation = parseArguments(['--root', 'run', '--json', 'check', 'run'])

    expect(invocation).toMatchObject({ command: { name: 'check' }, operands: ['run'] })
  })

  test('shows help wherever it is asked for', () => {
    expect(parseArguments([])).toEqual({ kind: 'help', command: undefined })
    expect(parseArguments(['help'])).toEqual({ kind: 'help', command: undefined })
    expect(parseArguments(['help', 'run'])).toMatchObject({ command: { name: 'run' } })
    expect(parseArguments(['run', '--no-such-flag', '-h'])).toMatchObject({
      kind: 'help',
      command: { name: 'run' },
    })
  })

  test.each([
    [['bundle', 'a.ts', '--outdir'], 'SOMON_CLI_BAD_VALUE'],
    [['bundle', 'a.ts', '--format', 'umd'], 'SOMON_CLI_BAD_VALUE'],
    [['bundle', 'a.ts', '--minify=maybe'], 'SOMON_CLI_BAD_VALUE'],
    [['bundle', 'a.ts', '--define', 'A'], 'SOMON_CLI_BAD_VALUE'],
    [['graph', 'a.ts', '--depth', '-1'], 'SOMON_CLI_BAD_VALUE'],
    [['cache', 'prune', '--max-size', 'huge'], 'SOMON_CLI_BAD_VALUE'],
    [['cache', 'inof'], 'SOMON_CLI_BAD_VALUE'],
    [['completion', 'tcsh'], 'SOMON_CLI_BAD_VALUE'],
    [['doctor', 'now'], 'SOMON_CLI_EXTRA_OPERAND'],
    [['run'], 'SOMON_CLI_MISSING_OPERAND'],
    [['--json'], 'SOMON_CLI_MISSING_OPERAND'],
    [['bundel'], 'SOMON_CLI_UNKNOWN_COMMAND'],
    [['run', 'a.ts', '--minify'], 'SOMON_CLI_UNKNOWN_FLAG'],
    [['bundle', 'a.ts', '-x'], 'SOMON_CLI_UNKNOWN_FLAG'],
  ])('refuses %j with %s', (argv, code) => {
    const error = provokeArguments(argv)

    expect(error.code).toBe(code)
  })

  test('names the flag that was meant', () => {
    expect(provokeArguments(['bundle', 'a.ts', '--otdir=x']).fix).toContain('--outdir')
    expect(provokeArguments(['bundle', 'a.ts', '--no-cahe']).fix).toContain('--no-cache')
  })

  test('either understands a command line or refuses it with a code', () => {
    const names = [...COMMANDS.flatMap(({ flags }) => flags), ...GLOBAL_FLAGS].map(
      ({ name }) => name,
    )
    const word = fc.oneof(
      fc.constantFrom(...COMMANDS.map(({ name }) => name)),
      fc.constantFrom(...names).map((name) => `--${name}`),
      fc.tuple(fc.constantFrom(...names), fc.string()).map(([name, value]) => `--${name}=${value}`),
      fc.string(),
      fc.constant('--'),
    )

    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), (argv) => {
        const outcome = attempt(argv)
        expect(outcome).toMatch(/^(?:version|help|command|SOMON_CLI_[A-Z_]+)$/)
      }),
      { numRuns: 500 },
    )
  })
})

function flagsOf(argv: readonly string[]): Flags {
  const invocation = parseArguments(argv)
  if (invocation.kind !== 'command') throw new Error(`${argv.join(' ')} is no command`)
  return invocation.flags
}

function attempt(argv: readonly string[]): string {
  try {
    return parseArguments(argv).kind
  } catch (error) {
    return (error as { code: string }).code
  }
}
