import { rm, symlink } from 'node:fs/promises'
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

describe('Bundler.build() leaves packages outside', () => {
  const packages = {
    'package.json':
      '{"name":"project","type":"module","exports":{"./self":"./self.ts"},"workspaces":["packages/*"]}',
    'self.ts': 'export const self = "self"',
    'packages/shared/package.json':
      '{"name":"@work/shared","type":"module","exports":"./index.ts"}',
    'packages/shared/index.ts': 'export const shared: string = "shared"',
    'node_modules/plain/package.json': '{"name":"plain","exports":"./index.js"}',
    'node_modules/plain/index.js': 'exports.plain = "plain"',
    'node_modules/inlined/package.json':
      '{"name":"inlined","type":"module","exports":{".":{"import":"./i.ts"},"./sub":"./sub.ts"}}',
    'node_modules/inlined/i.ts': 'export const inlined: string = "inlined"',
    'node_modules/inlined/sub.ts': 'export const sub: string = "sub"',
  }

  test('but inlines its own package, workspace packages and those that are named', async () => {
    await using fixture = await createFixture({
      ...packages,
      'a.ts': `import { self } from 'project/self'
        import { shared } from '@work/shared'
        import { plain } from 'plain'
        import { inlined } from 'inlined'
        import { sub } from 'inlined/sub'
        export const got = [self, shared, plain, inlined, sub]`,
    })
    await symlink(fixture.path('packages/shared'), await linkTarget(fixture, '@work/shared'))
    await using bundling = createBundling(fixture.root, { resolve: { inline: ['inlined'] } })

    const { artifact, inputs } = await bundling.one('a.ts')
    const { exports } = await runWrapped(artifact, {
      modules: { plain: { plain: 'from outside' } },
    })

    expect(exports['got']).toEqual(['self', 'shared', 'from outside', 'inlined', 'sub'])
    expect(artifact.deps.map(({ spec }) => spec)).toEqual(['plain'])
    expect(inputs.symlinks).toEqual([
      ['node_modules/@work/shared', fixture.path('packages/shared')],
    ])
  })

  test('and bundles them when told so, except externals', async () => {
    await using fixture = await createFixture({
      ...packages,
      'a.ts':
        'import { plain } from "plain"; import { inlined } from "inlined"; export const got = [plain, inlined]',
    })
    await using bundling = createBundling(fixture.root, {
      resolve: { packages: 'bundle', externals: ['plain'] },
    })

    const { artifact } = await bundling.one('a.ts')

    expect(artifact.deps.map(({ spec }) => spec)).toEqual(['plain'])
    expect(artifact.inputs.map(({ path }) => path)).toContain('node_modules/inlined/i.ts')
  })

  test('and follows tsconfig paths and aliases before it asks for a package', async () => {
    await using fixture = await createFixture({
      'package.json': PACKAGE,
      'tsconfig.json': '{"compilerOptions":{"paths":{"@/*":["./nowhere/*","./src/*"]}}}',
      'src/x.ts': 'export const x = "x"',
      'src/y.ts': 'export const y = "y"',
      'a.ts': 'import { x } from "@/x"; import { y } from "other"; export const got = [x, y]',
    })
    await using bundling = createBundling(fixture.root, {
      resolve: { alias: { other: './src/y.ts' } },
    })

    const { artifact, inputs } = await bundling.one('a.ts')

    expect((await runWrapped(artifact)).exports['got']).toEqual(['x', 'y'])
    expect(inputs.absent).toContain('nowhere/x.ts')
  })

  test('and fails an entry that imports what is refused, its neighbours not', async () => {
    await using fixture = await createFixture({
      ...packages,
      'a.ts': 'import "./b.ts"; export const a = 1',
      'b.ts': 'import "plain"',
      'c.ts': 'export const c = 1',
    })
    await using bundling = createBundling(fixture.root, {
      resolve: { allowedSources: ['@work/*'] },
    })

    const [a, c] = await bundling.build('a.ts', 'c.ts')

    expect(a?.ok === false && a.error).toMatchObject({
      code: 'SOMON_RESOLVE_SOURCE_DENIED',
      data: { specifier: 'plain', importer: 'b.ts' },
    })
    expect(c?.ok).toBe(true)
  })

  test('and keeps two copies of one external apart, each with its importers', async () => {
    await using fixture = await createFixture({
      'package.json': PACKAGE,
      'node_modules/x/package.json': '{"name":"x","version":"2.0.0"}',
      'node_modules/x/index.js': 'exports.version = 2',
      'old/node_modules/x/package.json': '{"name":"x","version":"1.0.0"}',
      'old/node_modules/x/index.js': 'exports.version = 1',
      'old/b.ts': 'export { version as old } from "x"',
      'lib/c.ts': 'import { version } from "x"; export const c = version',
      'a.ts':
        'import { version } from "x"; export { old } from "./old/b.ts"; export { c } from "./lib/c.ts"; export const a = version',
    })
    await using bundling = createBundling(fixture.root)

    const { artifact } = await bundling.one('a.ts')

    expect(artifact.deps.map(({ spec, importers }) => [spec, importers])).toEqual([
      ['x', ['a.ts', 'lib/c.ts']],
      ['x', ['old/b.ts']],
    ])
  })

  test('and accepts packages that import each other in a circle', async () => {
    await using fixture = await createFixture({
      'package.json': PACKAGE,
      'node_modules/one/package.json': '{"name":"one","type":"module","exports":"./i.js"}',
      'node_modules/one/i.js': 'import { two } from "two"; export const one = () => two',
      'node_modules/two/package.json': '{"name":"two","type":"module","exports":"./i.js"}',
      'node_modules/two/i.js': 'import { one } from "one"; export const two = () => typeof one()',
      'a.ts': 'import { one } from "one"; export const got = one()()',
    })
    await using inlining = createBundling(fixture.root, { resolve: { inline: ['one', 'two'] } })

    const { artifact } = await inlining.one('a.ts')

    expect((await runWrapped(artifact)).exports['got']).toBe('function')
  })
})

describe('Bundler.map()', () => {
  test('makes the map of an artifact that was built without one', async () => {
    await using fixture = await createFixture({ 'a.ts': 'interface X {}\nexport const a = 1' })
    await using bundling = createBundling(fixture.root)
    const { artifact, map } = await bundling.one('a.ts')

    const made = await bundling.bundler.map(artifact, bundling.options)

    expect(map).toBeUndefined()
    expect(JSON.parse(made ?? '')).toMatchObject({ version: 3, sources: ['a.ts'] })
    expect(made).not.toContain('sourcesContent')
  })

  test('starts no build when the caller has left before one could start', async () => {
    await using fixture = await createFixture({ 'a.ts': 'export const a = 1' })
    await using bundling = createBundling(fixture.root)
    const { artifact } = await bundling.one('a.ts')
    const { builds } = bundling.bundler.stats()
    const caller = new AbortController()
    const reason = new Error('left')

    const making = bundling.bundler.map(artifact, bundling.options, caller.signal)
    caller.abort(reason)

    await expect(making).rejects.toBe(reason)
    expect(bundling.bundler.stats().builds).toBe(builds)
  })

  test('gives none once an input has changed, even when the code is the same', async () => {
    await using fixture = await createFixture({ 'a.ts': 'export const a = 1' })
    await using bundling = createBundling(fixture.root)
    const { artifact } = await bundling.one('a.ts')

    await fixture.write('a.ts', '\n\nexport const a = 1')

    expect(await bundling.bundler.map(artifact, bundling.options)).toBeUndefined()
  })

  test('gives none when the source cannot be built any more', async () => {
    await using fixture = await createFixture({ 'a.ts': 'export const a = 1' })
    await using bundling = createBundling(fixture.root)
    const { artifact } = await bundling.one('a.ts')

    await fixture.write('a.ts', 'export const a =')
    const broken = await bundling.bundler.map(artifact, bundling.options)
    await rm(fixture.path('a.ts'))
    const gone = await bundling.bundler.map(artifact, bundling.options)

    expect([broken, gone]).toEqual([undefined, undefined])
  })

  test('comes with the code when maps are eager, equal to the one made later', async () => {
    await using fixture = await createFixture({
      'a.ts': 'import { b } from "./b.ts"; export const a: number = b',
      'b.ts': 'export const b = 1',
    })
    await using lazy = createBundling(fixture.root)
    await using eager = createBundling(fixture.root, { build: { sourceMaps: 'eager' } })

    const late = await lazy.one('a.ts')
    const early = await eager.one('a.ts')

    expect(early.map).toBe(await lazy.bundler.map(late.artifact, lazy.options))
    expect(early.artifact.id).toBe(late.artifact.id)
  })
})

describe('Bundler.build() keeps contexts for hot entries', () => {
  test('that give the same artifacts and see changes', async () => {
    await using fixture = await createFixture({
      'a.ts': 'import { b } from "./b.ts"; export const a = b',
      'b.ts': 'export const b = 1',
    })
    await using bundling = createBundling(fixture.root)
    const { bundler, options } = bundling
    const cold = await bundling.one('a.ts')

    const [first] = await bundler.build(['a.ts'], options, { hot: true })
    await fixture.write('b.ts', 'export const b = 2')
    const [second] = await bundler.build(['a.ts'], options, { hot: true })

    expect(first?.ok === true && first.artifact).toEqual(cold.artifact)
    expect(second?.ok === true && (await runWrapped(second.artifact)).exports).toEqual({ a: 2 })
    expect(bundler.stats().contexts).toBe(1)
  })

  test('that recover from an error', async () => {
    await using fixture = await createFixture({ 'a.ts': 'export const a = 1' })
    await using bundling = createBundling(fixture.root)
    const { bundler, options } = bundling
    const hot = async (): Promise<BuildOutcome | undefined> =>
      (await bundler.build(['a.ts'], options, { hot: true }))[0]

    const oks: (boolean | undefined)[] = []
    for (const text of ['export const a = 1', 'export const a =', 'export const a = 3']) {
      await fixture.write('a.ts', text)
      oks.push((await hot())?.ok)
    }

    expect(oks).toEqual([true, false, true])
  })

  test('up to the limit, which may change', async () => {
    const entries = ['a.ts', 'b.ts', 'c.ts']
    await using fixture = await createFixture(
      Object.fromEntries(entries.map((entry) => [entry, 'export const a = 1'])),
    )
    await using bundling = createBundling(fixture.root)
    const { bundler, options, limits } = bundling
    limits.hotContexts = 2
    for (const entry of entries) await bundler.build([entry], options, { hot: true })
    const two = bundler.stats().contexts

    limits.hotContexts = 0
    const [outcome] = await bundler.build(['a.ts'], options, { hot: true })

    expect(two).toBe(2)
    expect(outcome?.ok).toBe(true)
  })
})

describe('Bundler tells', () => {
  test('what was built, once per entry, and not the builds of maps', async () => {
    await using fixture = await createFixture({
      'a.ts': 'export const a = 1',
      'b.ts': 'export const b =',
    })
    await using bundling = createBundling(fixture.root)
    const told: unknown[] = []
    bundling.events.on('bundle.finished', ({ entry, inputs }) =>
      told.push(['finished', entry, inputs]),
    )
    bundling.events.on('bundle.failed', ({ entry, error }) =>
      told.push(['failed', entry, error.code]),
    )

    const [a] = await bundling.build('a.ts', 'b.ts')
    if (a?.ok === true) await bundling.bundler.map(a.artifact, bundling.options)

    expect(told).toEqual([
      ['finished', 'a.ts', 1],
      ['failed', 'b.ts', 'SOMON_BUNDLE_FAILED'],
    ])
  })
})

describe('Bundler.build() with a signal', () => {
  test('rejects with its reason and leaves the service usable', async () => {
    await using fixture = await createFixture({ 'a.ts': 'export const a = 1' })
    await using bundling = createBundling(fixture.root)
    const controller = new AbortController()
    const reason = new Error('enough')

    const work = bundling.bundler.build(['a.ts'], bundling.options, { signal: controller.signal })
    controller.abort(reason)

    await expect(work).rejects.toBe(reason)
    expect((await bundling.one('a.ts')).ok).toBe(true)
  })
})

function artifacts(outcomes: readonly BuildOutcome[]): readonly unknown[] {
  return outcomes.map((outcome) => (outcome.ok ? outcome.artifact : outcome.error))
}

function assetText(outcome: Extract<BuildOutcome, { ok: true }>, index: number): string {
  const asset = outcome.artifact.assets[index]
  return new TextDecoder().decode(outcome.assets.get(asset?.sha256 ?? ''))
}

async function linkTarget(
  fixture: Awaited<ReturnType<typeof createFixture>>,
  name: string,
): Promise<string> {
  await fixture.write(`node_modules/${name}.placeholder`, '')
  return fixture.path('node_modules', name)
}
