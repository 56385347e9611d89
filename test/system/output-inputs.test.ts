import { symlinkSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { findEsbuildBinary } from '../../src/bundle/esbuild-binary.ts'
import { runNativeBuild } from '../../src/bundle/native-build.ts'
import { completeOutputBuild, OUTPUT_DEFAULTS } from '../../src/bundle/output-build.ts'
import { createSyncFs, type SyncFs } from '../../src/load/sync-fs.ts'
import { listOutputInputs } from '../../src/system/output-inputs.ts'
import { createFixture, type Fixture } from '../support/fixture.ts'

type Inputs = Awaited<ReturnType<typeof listOutputInputs>>
type Counts = Record<'stat' | 'hash' | 'link' | 'names', number>

describe('listOutputInputs()', () => {
  test('reads each input once and asks nothing else for each file', async () => {
    const few = await countsOf(5)
    const many = await countsOf(50)

    expect(many.hash - few.hash).toBe(45)
    expect({ ...many, hash: 0 }).toEqual({ ...few, hash: 0 })
    expect(few.names).toBe(2)
  })

  test.each([
    ['./lib/one.js', 'src/lib'],
    ['../src/lib/one.js', 'src/lib'],
    ['./lib/../lib/one.js', 'src/lib'],
    ['../src/./lib/one.js', 'src/lib'],
    ['../src/../src/lib/one.js', 'src/lib'],
    ['.././src/lib/one.js', 'src/lib'],
    ['.//lib/one.js', 'src/lib'],
  ])('records the link on the way of %s', async (specifier, link) => {
    await using fixture = await createFixture({
      'real/one.ts': 'export const one = 1\n',
      'src/main.ts': `export { one } from '${specifier}'\n`,
    })
    symlinkSync('../real', fixture.path('src/lib'))

    const { symlinks, files } = await inputsOf(fixture)

    expect(symlinks).toEqual([[link, '../real']])
    expect(files.map(([path]) => path).toSorted()).toEqual(['real/one.ts', 'src/main.ts'])
  })

  test.each([
    ['{"extends":"./base.json"}', ['base.json']],
    [String.raw`{"\u0065xtends":"./base.json"}`, ['base.json']],
    ['{"compilerOptions":{}}', []],
  ])('follows the chain of %s', async (tsconfig, bases) => {
    await using fixture = await createFixture({
      'tsconfig.json': tsconfig,
      'base.json': '{"compilerOptions":{}}',
      'src/main.ts': 'export const one = 1\n',
    })

    const { files } = await inputsOf(fixture)

    const config = files.filter((row) => row[6] === 'config').map(([path]) => path)
    expect(config).toEqual(['tsconfig.json', ...bases])
  })
})

async function countsOf(modules: number): Promise<Counts> {
  const names = Array.from({ length: modules }, (_, index) => `m${index}`)
  const text =
    "import { shared } from './lib/shared.js'\nimport dep from 'dep'\nimport '../src/lib/shared.js'\nconsole.log(shared, dep)\n"
  const files = names.map((name) => [`src/${name}.ts`, text] as const)
  await using fixture = await createFixture({
    'package.json': '{"name":"app","type":"module"}',
    'tsconfig.json': '{}',
    'src/main.ts': names.map((name) => `import './${name}.js'\n`).join(''),
    'src/lib/shared.ts': 'export const shared = 1\n',
    'node_modules/dep/package.json': '{"name":"dep"}',
    'node_modules/dep/index.js': 'module.exports = 1',
    ...Object.fromEntries(files),
  })
  const counts: Counts = { stat: 0, hash: 0, link: 0, names: 0 }
  await inputsOf(fixture, counts)
  return counts
}

async function inputsOf(fixture: Fixture, counts?: Counts): Promise<Inputs> {
  const binary = findEsbuildBinary()
  if (binary === undefined) throw new Error('esbuild has no program for this machine')
  const { root } = fixture
  const build = completeOutputBuild(root, ['./src/main.ts'], { outdir: 'dist' }, OUTPUT_DEFAULTS)
  const { report } = runNativeBuild(binary, build, process.env)
  const fs = createSyncFs(root, () => undefined)
  return listOutputInputs(build, report, counts === undefined ? fs : counting(fs, counts))
}

function counting(fs: SyncFs, counts: Counts): SyncFs {
  const counted = <K extends keyof Counts>(name: K): SyncFs[K] =>
    ((...args: [string, string]) => {
      counts[name] += 1
      return fs[name](...args)
    }) as SyncFs[K]
  return {
    stat: counted('stat'),
    hash: counted('hash'),
    link: counted('link'),
    names: counted('names'),
    env: (name) => fs.env(name),
  }
}
