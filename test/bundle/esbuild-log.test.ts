import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { findEsbuildBinary } from '../../src/bundle/esbuild-binary.ts'
import { parseEsbuildLog } from '../../src/bundle/esbuild-log.ts'
import { createFixture, type Fixture } from '../support/fixture.ts'

describe('parseEsbuildLog()', () => {
  test('reads errors with place, length and frame', async () => {
    await using fixture = await createFixture({ 'a.ts': "const x = 1\nimport './missing'\n" })

    const { errors, warnings } = logOf(fixture, ['a.ts'])

    expect(warnings).toEqual([])
    expect(errors).toEqual([
      {
        text: 'Could not resolve "./missing"',
        id: '',
        pluginName: '',
        location: { file: 'a.ts', line: 2, column: 8, length: 11 },
        frame: expect.stringContaining("> 2 | import './missing'"),
        notes: [],
      },
    ])
  })

  test('counts columns in UTF-16 units although esbuild counts bytes, on lines it cuts', async () => {
    const line = `${'var é = "😀"; '.repeat(12)}if (x == -0) {}`
    await using fixture = await createFixture({ 'a.js': line })

    const { warnings } = logOf(fixture, ['a.js'])

    expect(warnings[0]?.location?.column).toBe(line.indexOf('-0') + 1)
  })

  test('reads warnings with id and notes', async () => {
    await using fixture = await createFixture({ 'a.js': 'if (x == -0) {}\n' })

    const { warnings } = logOf(fixture, ['a.js'])

    expect(warnings).toMatchObject([
      {
        text: expect.stringContaining('Comparison with -0'),
        id: 'equals-negative-zero',
        location: { file: 'a.js', line: 1, column: 10, length: 2 },
        notes: [{ text: expect.stringContaining('Object.is'), location: null }],
      },
    ])
  })

  test('gives a note its own place', async () => {
    await using fixture = await createFixture({ 'a.js': 'let a\nlet a\n' })

    const { errors } = logOf(fixture, ['a.js'])

    expect(errors[0]?.location).toMatchObject({ line: 2 })
    expect(errors[0]?.notes[0]?.location).toMatchObject({ file: 'a.js', line: 1, column: 5 })
  })

  test('keeps messages without a place, and counts none that are summaries', () => {
    const log = '✘ [ERROR] Invalid build flag: "--foo"\n\n1 error\n'

    const { errors } = parseEsbuildLog(log, () => undefined)

    expect(errors).toMatchObject([{ text: 'Invalid build flag: "--foo"', location: null }])
  })

  test('keeps a text that is no message, so that a crash is not silent', () => {
    const { errors } = parseEsbuildLog('fatal error: out of memory\ngoroutine 1\n', () => undefined)

    expect(errors.map(({ text }) => text)).toEqual(['fatal error: out of memory\ngoroutine 1'])
  })

  test('keeps the lines of a message of several lines together', () => {
    const { errors, warnings } = parseEsbuildLog(
      '▲ [WARNING] first line\nsecond line\n\n    a.js:1:0:\n      1 │ x\n        ╵ ^\n',
      () => undefined,
    )

    expect(errors).toEqual([])
    expect(warnings).toMatchObject([
      { text: 'first line\nsecond line', location: { file: 'a.js', line: 1, column: 1 } },
    ])
  })
})

function logOf(fixture: Fixture, entries: readonly string[]): ReturnType<typeof parseEsbuildLog> {
  const flags = [
    '--bundle',
    '--outdir=out',
    '--color=false',
    '--log-limit=0',
    '--log-level=warning',
  ]
  const run = spawnSync(findEsbuildBinary()?.path ?? '', [...entries, ...flags], {
    cwd: fixture.root,
    encoding: 'utf8',
  })
  return parseEsbuildLog(run.stderr, (file) => readFileSync(fixture.path(file), 'utf8'))
}
