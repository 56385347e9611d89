import { describe, expect, test } from 'vitest'
import { VERSION } from '../../src/base/version.ts'
import { COMMANDS } from '../../src/cli/command-table.ts'
import { createFixture } from '../support/fixture.ts'
import { runCli } from '../support/run-cli.ts'

describe('main()', () => {
  test('prints the version', async () => {
    await using fixture = await createFixture()

    const run = await runCli(['--version'], { cwd: fixture.root })

    expect(run).toMatchObject({ code: 0, stdout: `${VERSION}\n`, stderr: '' })
  })

  test('prints the version as a document with --json', async () => {
    await using fixture = await createFixture()

    const run = await runCli(['--json', '--version'], { cwd: fixture.root })

    expect(run.json()).toEqual({ ok: true, command: 'version', result: VERSION })
  })

  test('lists every command in --help', async () => {
    await using fixture = await createFixture()

    const run = await runCli(['--help'], { cwd: fixture.root })

    expect(run.code).toBe(0)
    for (const { name, doc } of COMMANDS) {
      expect(run.stdout).toContain(name)
      expect(run.stdout.replaceAll(/\s+/g, ' ')).toContain(doc)
    }
  })

  test('ends with 2 and the nearest command for an unknown one', async () => {
    await using fixture = await createFixture()

    const run = await runCli(['bundel', 'a.ts'], { cwd: fixture.root })

    expect(run).toMatchObject({ code: 2, stdout: '' })
    expect(run.stderr).toContain('SOMON_CLI_UNKNOWN_COMMAND')
    expect(run.stderr).toContain('Did you mean somon bundle?')
  })

  test('prints errors as one JSON document on stdout with --json', async () => {
    await using fixture = await createFixture()

    const run = await runCli(['bundle', '--json'], { cwd: fixture.root })

    expect(run).toMatchObject({ code: 2, stderr: '' })
    expect(run.json()).toMatchObject({
      ok: false,
      command: 'bundle',
      error: { code: 'SOMON_CLI_MISSING_OPERAND', fix: expect.any(String) },
    })
  })
})
