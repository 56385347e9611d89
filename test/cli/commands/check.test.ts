import { describe, expect, test } from 'vitest'
import { cli, CLI_PROJECT } from '../../support/cli-project.ts'
import { createFixture } from '../../support/fixture.ts'

describe('somon check', () => {
  test('ends with 0 for sound entries and with 1 for findings', async () => {
    await using fixture = await createFixture({ ...CLI_PROJECT, 'bad.ts': "import './none.ts'\n" })

    const good = await cli(fixture, 'check', 'src/main.ts')
    const bad = await cli(fixture, 'check', 'src/main.ts', 'bad.ts', '--json')

    expect(good.code).toBe(0)
    expect(bad.code).toBe(1)
    expect(bad.json()).toMatchObject({
      ok: false,
      result: { entries: [{ errors: [] }, { entry: 'bad.ts', errors: [expect.anything()] }] },
    })
  })

  test('reports every fault of an entry, and packages that are not installed', async () => {
    await using fixture = await createFixture({
      'bad.ts': "import './n1.ts'\nimport './n2.ts'\n",
      'lacks.ts':
        "import { a } from 'absent'\nimport { readFile } from 'node:fs'\nconsole.log(a, readFile)\n",
      'has.ts': "import { a } from 'present'\nconsole.log(a)\n",
      'node_modules/present/package.json': '{"name":"present","main":"index.js"}',
      'node_modules/present/index.js': "throw new Error('this must not run')",
    })

    const bad = await cli(fixture, 'check', 'bad.ts')
    const lacks = await cli(fixture, 'check', 'lacks.ts', '--json')
    const has = await cli(fixture, 'check', 'has.ts')

    expect(bad.stdout).toContain('"./n1.ts"')
    expect(bad.stdout).toContain('"./n2.ts"')
    expect(lacks.code).toBe(1)
    expect(lacks.json().result).toMatchObject({
      entries: [
        {
          errors: [
            {
              code: 'SOMON_EVALUATE_IMPORT_FAILED',
              fix: 'Install it: npm install absent',
              location: { file: 'lacks.ts', line: 1, column: 19 },
            },
          ],
        },
      ],
    })
    expect(has.code).toBe(0)
  })

  // A timer of a package that --externals had imported kept the process alive.
  test.each([
    ['a', 0],
    ['b', 1],
  ])('ends although a package has left a timer, importing "%s" from it', async (name, code) => {
    await using fixture = await createFixture({
      'main.ts': `import { ${name} } from 'timed'\nconsole.log(${name})\n`,
      'node_modules/timed/package.json': '{"name":"timed","main":"index.js"}',
      'node_modules/timed/index.js': 'exports.a = setInterval(() => {}, 1000)',
    })

    const run = await cli(fixture, 'check', 'main.ts', '--externals', '--json')

    expect(run).toMatchObject({ code, signal: null, stderr: '' })
    expect(run.json()).toMatchObject({ ok: code === 0, command: 'check' })
  })

  test('counts warnings against --max-warnings', async () => {
    await using fixture = await createFixture({ 'a.js': 'if (globalThis.x == -0) {}\n' })

    const allowed = await cli(fixture, 'check', 'a.js', '--max-warnings=1')
    const refused = await cli(fixture, 'check', 'a.js', '--max-warnings=0')

    expect([allowed.code, refused.code]).toEqual([0, 1])
    expect(refused.stdout).toContain('warning a.js:1:21: Comparison with -0')
    expect(refused.stdout).toContain('1 warnings (at most 0 allowed)')
  })
})
