import { describe, expect, test } from 'vitest'
import { cli, cliUntil, CLI_PROJECT } from '../../support/cli-project.ts'
import { createFixture } from '../../support/fixture.ts'

describe('somon run', () => {
  test('runs the program with its arguments', async () => {
    await using fixture = await createFixture(CLI_PROJECT)

    const run = await cli(fixture, 'run', 'src/main.ts', '--', '-a', 'b')

    expect(run).toMatchObject({ code: 0, stdout: 'part -a,b\n', stderr: '' })
  })

  test('passes the exit code of the program on', async () => {
    await using fixture = await createFixture({ 'main.ts': 'process.exitCode = 7' })

    expect((await cli(fixture, 'run', 'main.ts')).code).toBe(7)
  })

  test('ends with 1 and a frame of the source when the program throws', async () => {
    await using fixture = await createFixture({ 'main.ts': "\nthrow new RangeError('too far')\n" })

    const run = await cli(fixture, 'run', 'main.ts')

    expect(run).toMatchObject({ code: 1, stdout: '' })
    expect(run.stderr).toContain('too far')
    expect(run.stderr).toContain('main.ts:2')
  })

  // A timer of the program kept the process alive after its start had failed.
  test('ends with 1 at once when a program with a timer throws', async () => {
    const program = "setInterval(() => {}, 1000)\nthrow new Error('x')\n"
    await using fixture = await createFixture({ 'main.ts': program })

    const run = await cliUntil(fixture, ['run', 'main.ts'], () => {})

    expect(run).toMatchObject({ code: 1, signal: null, stdout: '' })
    expect(run.stderr).toContain('SOMON_EVALUATE_FAILED')
  })

  test('ends with 1 when the evaluation of a program with a timer takes too long', async () => {
    const program = 'setInterval(() => {}, 1000)\nawait new Promise(() => {})\n'
    await using fixture = await createFixture({
      'main.ts': program,
      'somon.toml': '[loading]\nevaluateTimeoutMs = 50\n',
    })

    const run = await cliUntil(fixture, ['run', 'main.ts', '--json'], () => {})

    expect(run).toMatchObject({ code: 1, signal: null, stderr: '' })
    expect(run.json().error?.code).toBe('SOMON_EVALUATE_TIMEOUT')
  })

  test('leaves a program running that started', async () => {
    const program = "setTimeout(() => console.log('later'), 50)\n"
    await using fixture = await createFixture({ 'main.ts': program })

    const run = await cli(fixture, 'run', 'main.ts')

    expect(run).toMatchObject({ code: 0, stdout: 'later\n' })
  })

  // It was taken for a package that is not installed, and a file beside it was suggested.
  test('says of a folder that it is one', async () => {
    await using fixture = await createFixture({ ...CLI_PROJECT, 'srcs.ts': '', 'src/b.ts': '' })

    const run = await cli(fixture, 'run', 'src')

    expect(run.code).toBe(1)
    expect(run.stderr).toContain('it is a folder without an index file')
    expect(run.stderr).toContain('fix: Name a file in the folder, or give it an index file')
  })

  test('sets the variables of --env-file', async () => {
    await using fixture = await createFixture({ ...CLI_PROJECT, 'my.env': 'PART=from-file\n' })

    const run = await cli(fixture, 'run', 'src/main.ts', '--env-file=my.env')

    expect(run.stdout).toBe('from-file \n')
  })

  test('opens the debugger with --inspect', async () => {
    const program = "console.log((await import('node:inspector')).url())"
    await using fixture = await createFixture({ 'main.ts': program })

    const run = await cli(fixture, 'run', 'main.ts', '--inspect=127.0.0.1:0')

    expect(run.stdout).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\//)
  })

  test('reloads with --watch, keeps the old code when --verify refuses, ends with 130', async () => {
    await using fixture = await createFixture({
      'main.ts': "console.log('one')\nexport const check = () => true\n",
    })
    const seen: string[] = []

    const run = await cliUntil(
      fixture,
      ['run', 'main.ts', '--watch', '--verify=check'],
      (text, kill) => {
        const step = seen.length
        if (step === 0 && text.includes('watching')) {
          seen.push('started')
          void fixture.write('main.ts', "console.log('two')\nexport const check = () => false\n")
        } else if (step === 1 && /failed main\.ts/.test(text)) {
          seen.push('refused')
          void fixture.write('main.ts', "console.log('three')\nexport const check = () => true\n")
        } else if (step === 2 && /(?:reloaded|healed) main\.ts/.test(text)) {
          seen.push('reloaded')
          kill('SIGINT')
        }
      },
    )

    expect(seen).toEqual(['started', 'refused', 'reloaded'])
    expect(run.code).toBe(130)
    expect(run.stderr).toContain('SOMON_CLI_VERIFY_REFUSED')
  })

  // The setting had no effect here: only the flag was looked at.
  test('reloads with loading.watch in the configuration', async () => {
    await using fixture = await createFixture({
      'main.ts': "console.log('one')\n",
      'somon.toml': '[loading]\nwatch = true\n',
    })
    let edited = false

    const run = await cliUntil(fixture, ['run', 'main.ts'], (text, kill) => {
      if (!edited && text.includes('watching')) {
        edited = true
        void fixture.write('main.ts', "console.log('two')\n")
      } else if (/reloaded main\.ts/.test(text)) kill('SIGINT')
    })

    expect(run).toMatchObject({ code: 130, stdout: 'one\ntwo\n' })
  })
})
