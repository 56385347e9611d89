import { describe, expect, test } from 'vitest'
import { cli, CLI_PROJECT } from '../../support/cli-project.ts'
import { createFixture } from '../../support/fixture.ts'

describe('somon explain', () => {
  test('tells how an entry is found and why the cache does not answer', async () => {
    await using fixture = await createFixture(CLI_PROJECT)
    await cli(fixture, 'cache', 'warm', 'src/main.ts')
    await fixture.write('src/part.ts', "export const part = 'changed'\n")

    const run = await cli(fixture, 'explain', 'src/main.ts', '--json')

    expect(run.json().result).toMatchObject({
      entry: 'src/main.ts',
      answeredBy: 'miss',
      because: expect.arrayContaining([expect.objectContaining({ subject: 'src/part.ts' })]),
    })
  })

  test('explains one import with --from', async () => {
    await using fixture = await createFixture(CLI_PROJECT)

    const run = await cli(fixture, 'explain', './part.ts', '--from=src/main.ts')

    expect(run.stdout).toContain(fixture.path('src/part.ts'))
  })
})

describe('somon explain of a name', () => {
  const PROJECT = {
    ...CLI_PROJECT,
    'node_modules/dep/package.json': '{"name":"dep","version":"1.0.0","main":"i.js"}',
    'node_modules/dep/i.js': 'exports.a = 1',
  }

  test('explains it as an import from the project root', async () => {
    await using fixture = await createFixture(PROJECT)

    const run = await cli(fixture, 'explain', 'dep')

    expect(run.code).toBe(0)
    expect(run.stdout).toMatch(/^"dep", imported from the project root\n {2}form: a package name\n/)
    expect(run.stdout).toContain(`answer: external ${fixture.path('node_modules/dep/i.js')}`)
  })

  test('tells a builtin', async () => {
    await using fixture = await createFixture(PROJECT)

    const run = await cli(fixture, 'explain', 'fs', '--json')

    expect(run.json().result).toEqual({
      specifier: 'fs',
      importer: '.',
      resolution: [
        { step: 'form', result: 'a builtin module of Node' },
        { step: 'answer', result: 'builtin node:fs' },
      ],
    })
  })

  test('takes a path without ./ and extension for an entry', async () => {
    await using fixture = await createFixture(PROJECT)

    const run = await cli(fixture, 'explain', 'src/main', '--json')

    expect(run.json().result).toMatchObject({ entry: 'src/main.ts', answeredBy: 'miss' })
  })

  test('takes a package for an entry with --cache', async () => {
    await using fixture = await createFixture(PROJECT)

    const run = await cli(fixture, 'explain', 'dep', '--cache', '--json')

    expect(run.json().result).toMatchObject({ entry: 'node_modules/dep/i.js', answeredBy: 'miss' })
  })

  test('fails with the error of an entry for a name that leads nowhere', async () => {
    await using fixture = await createFixture(PROJECT)

    const run = await cli(fixture, 'explain', 'src/nope.ts')

    expect(run.code).toBe(1)
    expect(run.stderr).toContain('SOMON_RESOLVE_NOT_FOUND')
  })

  test('asks the plugins about the URL of an entry', async () => {
    const config = `export default { plugins: [
      { name: 'routes', cacheKey: '1', resolveId: (id) => id === 'virtual:routes' ? id : null },
    ] }`
    await using fixture = await createFixture({ ...PROJECT, 'somon.config.mjs': config })

    const run = await cli(fixture, 'explain', 'virtual:routes')

    expect(run.stdout).toContain('plugin "routes": answers: its own module "virtual:routes"')
    expect(run.stdout).toContain('cache: nothing valid')
    expect(run.stdout).not.toContain('missing')
  })
})

describe('somon explain --from with plugins', () => {
  const CONFIG = `export default { plugins: [
    { name: 'late', cacheKey: '1', resolveId: (id) => id === './part.ts' ? '/late.ts' : null },
    { name: 'raw', setup() {} },
    { name: 'broken', cacheKey: '1', resolveId: { filter: { id: 'bad' }, handler: () => 5 } },
    { name: 'early', cacheKey: '1', enforce: 'pre', resolveId(id) {
      return id === 'virtual:flags' ? '\\0' + id : id === 'out' ? { id, external: true } : null
    } },
  ] }`

  test.each([
    ['virtual:flags', ['plugin "early": answers: its own module "\\u0000virtual:flags"']],
    ['out', ['plugin "early": answers: external "out"']],
    [
      './part.ts',
      [
        'plugin "early": does not answer',
        'plugin "raw": may answer; it is asked in a build only',
        'plugin "late": answers: source /late.ts',
      ],
    ],
  ])('tells which answers %s', async (specifier, lines) => {
    await using fixture = await createFixture({ ...CLI_PROJECT, 'somon.config.mjs': CONFIG })

    const run = await cli(fixture, 'explain', specifier, '--from=src/main.ts')

    expect(run.stdout.trimEnd().split('\n')).toEqual(lines.map((line) => `  ${line}`))
  })

  test('goes on with the search when none answers, and tells a hook that fails', async () => {
    await using fixture = await createFixture({ ...CLI_PROJECT, 'somon.config.mjs': CONFIG })

    const none = await cli(fixture, 'explain', './main.ts', '--from=src/main.ts')
    const bad = await cli(fixture, 'explain', 'bad', '--from=src/main.ts')

    expect(none.stdout).toContain('plugin "late": does not answer\n  form: a relative path')
    expect(none.stdout).toContain(`answer: source ${fixture.path('src/main.ts')}`)
    expect(bad.stdout).toContain('plugin "broken": fails: Cannot run plugin "broken"')
  })
})
