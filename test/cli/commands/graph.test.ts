import { describe, expect, test } from 'vitest'
import { cli, CLI_PROJECT } from '../../support/cli-project.ts'
import { createFixture } from '../../support/fixture.ts'

describe('somon graph', () => {
  test('prints what the entry is made of, and why', async () => {
    await using fixture = await createFixture(CLI_PROJECT)

    const tree = await cli(fixture, 'graph', 'src/main.ts')
    const json = await cli(fixture, 'graph', 'src/main.ts', '--json', '--depth=0')
    const why = await cli(fixture, 'graph', 'src/main.ts', '--why=src/part.ts', '--json')

    expect(tree.stdout).toMatch(/^src\/main\.ts .*\n└─ src\/part\.ts .*\n$/)
    expect(json.json().result).toMatchObject({ modules: [{ path: 'src/main.ts' }], cycles: [] })
    expect(why.json().result).toEqual({
      file: 'src/part.ts',
      chain: ['src/main.ts', 'src/part.ts'],
    })
  })

  test('ends with 1 when --cycles finds one', async () => {
    await using fixture = await createFixture({
      'a.ts': "import './b.ts'\n",
      'b.ts': "import './a.ts'\n",
    })

    const run = await cli(fixture, 'graph', 'a.ts', '--cycles')

    expect(run.code).toBe(1)
    expect(run.stdout.trim().split(' → ')).toHaveLength(3)
  })

  // Packages stay imports when an entry is loaded; somon bundle takes them in.
  test.each([
    ['external', ['dep', 'main.ts']],
    ['bundle', ['main.ts', 'node_modules/dep/b.js', 'node_modules/dep/i.js']],
  ])('shows what is bundled with --packages=%s', async (packages, paths) => {
    await using fixture = await createFixture({
      'main.ts': "import { a } from 'dep'\nconsole.log(a)\n",
      'node_modules/dep/package.json': '{"name":"dep","main":"i.js"}',
      'node_modules/dep/i.js': "exports.a = require('./b.js')",
      'node_modules/dep/b.js': 'module.exports = 1',
    })

    const run = await cli(fixture, 'graph', 'main.ts', `--packages=${packages}`, '--json')

    const { modules } = run.json().result as { modules: { path: string }[] }
    expect(modules.map(({ path }) => path).toSorted()).toEqual(paths)
  })
})
