import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { cliUntil, CLI_PROJECT } from '../../support/cli-project.ts'
import { createFixture } from '../../support/fixture.ts'

describe('somon watch', () => {
  test('rebuilds on change, heals after a failure, runs --exec after each success', async () => {
    await using fixture = await createFixture(CLI_PROJECT)
    const seen: string[] = []
    const argv = ['watch', 'src/main.ts', '--outdir=out', '--json', '--exec', 'echo ran >> ran.txt']

    const run = await cliUntil(fixture, argv, (text, kill) => {
      const events = text.split('\n').filter((line) => line.startsWith('{'))
      if (events.length <= seen.length) return
      seen.push((JSON.parse(events.at(-1) ?? '') as { event: string }).event)
      if (seen.length === 1) void fixture.write('src/part.ts', 'let 1')
      else if (seen.length === 2) void fixture.write('src/part.ts', "export const part = 'new'\n")
      else kill('SIGINT')
    })

    expect(seen).toEqual(['built', 'failed', 'built'])
    expect(run.code).toBe(130)
    expect(readFileSync(fixture.path('out/main.js'), 'utf8')).toContain('"new"')
    expect(readFileSync(fixture.path('ran.txt'), 'utf8')).toContain('ran')
  })

  test('prints the warnings of a build with their places', async () => {
    await using fixture = await createFixture({ 'a.js': 'if (globalThis.x == -0) {}\n' })

    const run = await cliUntil(fixture, ['watch', 'a.js'], (text, kill) => {
      if (text.includes('watching')) kill('SIGINT')
    })

    expect(run.code).toBe(130)
    expect(run.stderr).toContain('warning a.js:1:21: Comparison with -0')
  })
})

describe('somon watch without --outdir', () => {
  // esbuild's program was asked for outputs without a place for them.
  test('builds in memory, runs --exec after each success and tells of its failure', async () => {
    await using fixture = await createFixture(CLI_PROJECT)
    const argv = ['watch', 'src/main.ts', '--exec', 'echo ran >> ran.txt; exit 3']
    let edited = false

    const run = await cliUntil(fixture, argv, (text, kill) => {
      const failures = text.split('ended with 3').length - 1
      if (!edited && failures === 1 && text.includes('watching')) {
        edited = true
        void fixture.write('src/part.ts', "export const part = 'new'\n")
      } else if (failures === 2) kill('SIGINT')
    })

    expect(run.code).toBe(130)
    expect(readFileSync(fixture.path('ran.txt'), 'utf8')).toBe('ran\nran\n')
    expect(run.stderr).toContain('built src/main.ts in memory')
    expect(existsSync(fixture.path('dist'))).toBe(false)
  })

  test('prints a failing --exec command as an event with --json', async () => {
    await using fixture = await createFixture(CLI_PROJECT)
    const argv = ['watch', 'src/main.ts', '--json', '--exec', 'exit 3']

    const run = await cliUntil(fixture, argv, (text, kill) => {
      if (text.includes('exec-failed')) kill('SIGINT')
    })

    const events = run.stdout.split('\n').filter((line) => line.includes('exec-failed'))
    expect(events.map((line) => JSON.parse(line))).toEqual([
      { command: 'watch', event: 'exec-failed', exec: 'exit 3', code: 3, signal: null },
    ])
  })
})
