import { symlink } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { createFixture } from '../support/fixture.ts'
import { createBundling } from './support/bundling.ts'
import { runWrapped } from './support/run-wrapped.ts'

const PACKAGE = '{"name":"project","type":"module"}'

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

async function linkTarget(
  fixture: Awaited<ReturnType<typeof createFixture>>,
  name: string,
): Promise<string> {
  await fixture.write(`node_modules/${name}.placeholder`, '')
  return fixture.path('node_modules', name)
}
