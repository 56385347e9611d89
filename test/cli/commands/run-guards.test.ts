import { describe, expect, test } from 'vitest'
import { serve } from '../../system/effects/asking.ts'
import { cli, cliUntil } from '../../support/cli-project.ts'
import { createFixture } from '../../support/fixture.ts'

/** Calls as often as its second argument says, one after the other. */
const PROGRAM = `const [url, times] = process.argv.slice(2)
for (let at = 0; at < Number(times); at += 1) {
  await fetch(url).then((response) => response.text(), (error) => console.log(error.cause?.code))
}
console.log('done')
`

describe('somon run --guards', () => {
  test('shows each guard with what its calls came to', async () => {
    await using fixture = await createFixture({ 'main.ts': PROGRAM })
    await using server = await serve()

    const run = await cli(fixture, 'run', 'main.ts', '--guards', '--', server.origin, '3')

    expect(run).toMatchObject({ code: 0, stdout: 'done\n' })
    const [headings, row] = run.stderr.trimEnd().split('\n').slice(-2)
    expect(headings).toMatch(/^guard +state +ok +failed +refused +running +p50 +p99 +retry in$/)
    expect(row).toMatch(
      new RegExp(`^main\\.ts:${server.origin} +closed +3 +0 +0 +0 +[\\d.]+ ms +[\\d.]+ ms$`),
    )
  })

  test('tells when a circuit opens, why, and how many calls it refused', async () => {
    await using fixture = await createFixture({ 'main.ts': PROGRAM })
    await using server = await serve((_request, response) => response.writeHead(500).end())

    const run = await cli(fixture, 'run', 'main.ts', '--guards', '--', server.origin, '7')

    expect(run.stdout).toBe('SOMON_GUARD_OPEN\nSOMON_GUARD_OPEN\ndone\n')
    expect(run.stderr).toContain(`main.ts:${server.origin} closed → open (consecutive)`)
    expect(run.stderr).toMatch(/ open +0 +5 +2 +0 .* s$/m)
    expect(server.requests.length).toBe(5)
  })

  test('shows them too when the program ends itself', async () => {
    await using fixture = await createFixture({ 'main.ts': `${PROGRAM}process.exit(3)` })
    await using server = await serve()

    const run = await cli(fixture, 'run', 'main.ts', '--guards', '--', server.origin, '1')

    expect(run.code).toBe(3)
    expect(run.stderr).toMatch(/ closed +1 +0 +0 +0 /)
  })

  test('shows them last when the program fails, or is interrupted while it is watched', async () => {
    await using fixture = await createFixture({ 'main.ts': PROGRAM, 'bad.ts': `${PROGRAM}fail()` })
    await using server = await serve()
    const args = ['--guards', '--', server.origin, '2']

    const failed = await cli(fixture, 'run', 'bad.ts', ...args)
    let isInterrupted = false
    const argv = ['run', 'main.ts', '--watch', ...args]
    const watched = await cliUntil(fixture, argv, (text, kill) => {
      if (!isInterrupted && text.includes('watching')) kill('SIGINT')
      isInterrupted ||= text.includes('watching')
    })

    expect([failed.code, watched.code]).toEqual([1, 130])
    expect([failed.stderr, watched.stderr].join()).not.toContain('no calls yet')
    expect(failed.stderr).toMatch(/ closed +2 +0 +0 +0 /)
    expect(watched.stderr).toMatch(/ closed +2 +0 +0 +0 /)
  })

  test('prints a line of JSON on stderr for each change, with --json', async () => {
    await using fixture = await createFixture({ 'main.ts': PROGRAM })
    await using server = await serve((_request, response) => response.writeHead(500).end())

    const run = await cli(fixture, 'run', 'main.ts', '--guards', '--json', '--', server.origin, '6')

    const lines = run.stderr.trimEnd().split('\n')
    const documents = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(run).toMatchObject({ code: 0, stdout: 'SOMON_GUARD_OPEN\ndone\n' })
    expect(documents).toContainEqual(
      expect.objectContaining({
        ...{ command: 'run', event: 'guard.transition', owner: 'main.ts' },
        ...{ dependency: server.origin, from: 'closed', to: 'open', reason: 'consecutive' },
      }),
    )
    expect(documents.at(-1)).toMatchObject({
      ...{ command: 'run', event: 'guards', overall: { total: 1, open: 1 } },
      breakers: {
        [`main.ts:${server.origin}`]: { state: 'open', totals: { failure: 5, open: 1 } },
      },
    })
  })

  test('says that there were no calls', async () => {
    await using fixture = await createFixture({ 'main.ts': "console.log('done')" })

    const run = await cli(fixture, 'run', 'main.ts', '--guards')

    expect(run).toMatchObject({ code: 0, stdout: 'done\n', stderr: 'no calls yet\n' })
  })
})

describe('somon run --no-guards', () => {
  test('calls without guards', async () => {
    await using fixture = await createFixture({ 'main.ts': PROGRAM })
    await using server = await serve((_request, response) => response.writeHead(500).end())

    const run = await cli(fixture, 'run', 'main.ts', '--no-guards', '--', server.origin, '7')

    expect(run).toMatchObject({ code: 0, stdout: 'done\n', stderr: '' })
    expect(server.requests.length).toBe(7)
  })
})
