import { describe, expect, test } from 'vitest'
import type { BuildOutcome } from '../../src/bundle/build-outcome.ts'
import { createFixture } from '../support/fixture.ts'
import { createBundling } from './support/bundling.ts'
import { runWrapped } from './support/run-wrapped.ts'

const PACKAGE = '{"name":"project","type":"module"}'

describe('Bundler.build() makes artifacts', () => {
  test('that run: sources inlined, builtins bound', async () => {
    await using fixture = await createFixture({
      'package.json': PACKAGE,
      'src/a.ts': `import { join } from 'node:path'
        import { b } from './b.ts'
        export const got: string = join('x', b)`,
      'src/b.ts': 'export const b: string = "b"; export interface Unused { a: 1 }',
    })
    await using bundling = createBundling(fixture.root)

    const { artifact } = await bundling.one('src/a.ts')
    const { exports } = await runWrapped(artifact, { root: fixture.root })

    expect(exports).toEqual({ got: 'x/b' })
    expect(artifact.deps).toEqual([
      { spec: 'node:path', kind: 'builtin', names: ['join'], importers: ['src/a.ts'] },
    ])
    expect(artifact.inputs.map(({ path }) => path)).toEqual(['src/a.ts', 'src/b.ts'])
    expect(artifact.exports).toEqual(['got'])
  })

  test('that are frozen through and through', async () => {
    await using fixture = await createFixture({ 'a.ts': 'import "node:fs"; export const a = 1' })
    await using bundling = createBundling(fixture.root)

    const { artifact } = await bundling.one('a.ts')

    expect(Object.isFrozen(artifact)).toBe(true)
    expect(Object.isFrozen(artifact.inputs[0])).toBe(true)
    expect(Object.isFrozen(artifact.builtBy)).toBe(true)
  })

  test('that are byte-identical for one project in two places', async () => {
    const files = {
      'package.json': PACKAGE,
      'tsconfig.json': '{"compilerOptions":{"paths":{"@/*":["./src/*"]}}}',
      'src/a.ts': `import { b } from '@/deep/b'
        import c from './c.cjs'
        import logo from './logo.svg'
        export const got = [b, c, logo, import.meta.url, await 1, () => import(String(b))]`,
      'src/deep/b.ts': 'export const b = import.meta.dirname',
      'src/c.cjs': 'module.exports = __dirname',
      'src/logo.svg': '<svg/>',
    }
    await using one = await createFixture(files)
    await using two = await createFixture(files)
    const build = { loader: { '.svg': 'file' }, sourceMaps: 'eager' } as const
    await using first = createBundling(one.root, { build })
    await using second = createBundling(two.root, { build })

    const a = await first.one('src/a.ts')
    const b = await second.one('src/a.ts')

    expect(a.artifact).toEqual(b.artifact)
    expect(a.map).toBe(b.map)
    expect(JSON.stringify([a.artifact, a.map, a.metafile])).not.toContain(one.root)
    expect(JSON.parse(a.map ?? '').sources).toContain('src/deep/b.ts')
  })

  test('that are the same from a batch as alone', async () => {
    await using fixture = await createFixture({
      'shared.ts': 'export const x = 1; export class Shared {}',
      'a.ts':
        'import { x } from "./shared.ts"; export const a = x; export { Shared } from "./shared.ts"',
      'b.ts': 'const x = 2; import { x as y } from "./shared.ts"; export const b = x + y',
      'c.ts': 'export const c = () => import("./shared.ts")',
    })
    await using bundling = createBundling(fixture.root)

    const batch = await bundling.build('a.ts', 'b.ts', 'c.ts')
    const alone = await Promise.all(['a.ts', 'b.ts', 'c.ts'].map((entry) => bundling.one(entry)))

    expect(artifacts(batch)).toEqual(alone.map(({ artifact }) => artifact))
    expect(bundling.bundler.stats()).toMatchObject({ builds: 4, entriesBuilt: 6, inFlight: 0 })
  })

  test('with equal codeId after a change that has no effect, and another id', async () => {
    await using fixture = await createFixture({ 'a.ts': 'export const a: number = 1' })
    await using bundling = createBundling(fixture.root)

    const before = await bundling.one('a.ts')
    await fixture.write('a.ts', '// a comment\nexport const a: number | undefined = 1')
    const after = await bundling.one('a.ts')

    expect(after.artifact.codeId).toBe(before.artifact.codeId)
    expect(after.artifact.id).not.toBe(before.artifact.id)
  })

  test('with another codeId when only an imported name differs', async () => {
    await using fixture = await createFixture({
      'a.ts': 'import { a } from "ext"; export const x = a',
    })
    await using bundling = createBundling(fixture.root)

    const before = await bundling.one('a.ts')
    await fixture.write('a.ts', 'import { b as a } from "ext"; export const x = a')
    const after = await bundling.one('a.ts')

    expect(after.artifact.codeId).not.toBe(before.artifact.codeId)
  })

  test('more than 64 in several builds', async () => {
    const entries = Array.from({ length: 70 }, (_, index) => `e${index}.ts`)
    const files = Object.fromEntries(entries.map((entry) => [entry, `export default "${entry}"`]))
    await using fixture = await createFixture(files)
    await using bundling = createBundling(fixture.root)

    const outcomes = await bundling.build(...entries)

    expect(outcomes.map(({ entry, ok }) => [entry, ok])).toEqual(entries.map((e) => [e, true]))
    expect(bundling.bundler.stats().builds).toBe(2)
  })

  test('with shaken-off files among the inputs, and without what only types need', async () => {
    await using fixture = await createFixture({
      'a.ts': 'import { T } from "./types.ts"; import { c } from "./c.js"; export const a: T = c',
      'types.ts': 'export type T = number',
      'c.js': 'import { unused } from "./d.js"; export const c = 1',
      'd.js': 'export const unused = 1',
    })
    await using bundling = createBundling(fixture.root)

    const { artifact, metafile } = await bundling.one('a.ts')

    expect(artifact.inputs.map(({ path }) => path)).toEqual(['a.ts', 'c.js', 'd.js'])
    expect(metafile.inputs['d.js']?.bytesInOutput).toBe(0)
  })

  test('with pattern imports expanded and linked in the graph', async () => {
    await using fixture = await createFixture({
      'a.ts': 'export const say = (name) => import(`./words/${name}.ts`).then((m) => m.default)',
      'words/hello.ts': 'export default "hello"',
      'words/deep/bye.ts': 'export default "bye"',
    })
    await using bundling = createBundling(fixture.root)

    const { artifact, metafile, inputs } = await bundling.one('a.ts')
    const { exports } = await runWrapped(artifact)

    const say = exports['say'] as (name: string) => Promise<string>
    expect([await say('hello'), await say('deep/bye')]).toEqual(['hello', 'bye'])
    expect(Object.keys(metafile.inputs)).toEqual(['a.ts', 'words/deep/bye.ts', 'words/hello.ts'])
    expect(inputs.dirs.map(([path]) => path)).toEqual(['', 'words', 'words/deep'])
  })

  test('with the place of the first top-level await in the source', async () => {
    await using fixture = await createFixture({
      'a.ts': 'import { b } from "./b.ts"\nexport const a = b',
      'b.ts': 'interface X {}\n\nconst x: number = 1; export const b = await x',
    })
    await using bundling = createBundling(fixture.root)

    const { artifact } = await bundling.one('a.ts')

    expect(artifact.tla).toMatchObject({ file: 'b.ts', line: 3, column: 39 })
  })

  test('with the warnings of their own files only', async () => {
    await using fixture = await createFixture({
      'bad.ts': 'export const é = 1; if (é === NaN) console.log(1)',
      'good.ts': 'export const a = 1',
    })
    await using bundling = createBundling(fixture.root)

    const [bad, good] = await bundling.build('bad.ts', 'good.ts')

    const warning = bad?.ok === true ? bad.artifact.warnings[0] : undefined
    expect(warning?.id).toBe('equals-nan')
    expect(warning?.location).toMatchObject({ file: 'bad.ts', line: 1, column: 27 })
    expect(warning?.frame).toContain('> 1 | export const é = 1; if (é === NaN)')
    expect(good?.ok === true && good.artifact.warnings).toEqual([])
  })

  test('with emitted files as assets', async () => {
    await using fixture = await createFixture({
      'src/a.tsx':
        'import logo from "./logo.svg"; import s from "./s.module.css"; export const got = [logo, s.box]',
      'src/b.ts': 'export const b = 1',
      'src/logo.svg': '<svg/>',
      'src/s.module.css': '.box { color: red }',
    })
    await using bundling = createBundling(fixture.root, { build: { loader: { '.svg': 'file' } } })

    const [a, b] = await bundling.build('src/a.tsx', 'src/b.ts')
    if (a?.ok !== true || b?.ok !== true) throw new Error('not built')
    const { exports } = await runWrapped(a.artifact)

    const names = a.artifact.assets.map(({ name }) => name)
    expect(names).toEqual(['a.css', expect.stringMatching(/^logo-\w+\.svg$/)])
    expect(exports['got']).toEqual([`./${names[1]}`, 's_box'])
    expect(assetText(a, 1)).toBe('<svg/>')
    expect(assetText(a, 0)).toContain('color: red')
    expect(b.artifact.assets).toEqual([])
  })
})

function assetText(outcome: Extract<BuildOutcome, { ok: true }>, index: number): string {
  const asset = outcome.artifact.assets[index]
  return new TextDecoder().decode(outcome.assets.get(asset?.sha256 ?? ''))
}

function artifacts(outcomes: readonly BuildOutcome[]): readonly unknown[] {
  return outcomes.map((outcome) => (outcome.ok ? outcome.artifact : outcome.error))
}
