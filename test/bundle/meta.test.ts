import { describe, expect, test } from 'vitest'
import { createFixture } from '../support/fixture.ts'
import { createBundling } from './support/bundling.ts'
import { runWrapped } from './support/run-wrapped.ts'

describe('Bundler.build() gives each source its own import.meta', () => {
  test('in ESM, TypeScript and JSX; not in strings and comments', async () => {
    await using fixture = await createFixture({
      'package.json': '{"type":"module"}',
      'a.ts': `import { b } from './lib/b.mts'; import { c } from './lib/c.jsx'
        // import.meta.url in a comment
        export const got = [import.meta.filename, b, c, 'import.meta.url', \`\${import.meta.dirname}\`]`,
      'lib/b.mts': 'export const b = import.meta.filename',
      'lib/c.jsx':
        'const h = (t) => t; /** @jsx h */ export const c = [<a/>, import.meta.filename]',
    })
    await using bundling = createBundling(fixture.root)

    const { artifact } = await bundling.one('a.ts')
    const { exports } = await runWrapped(artifact, { root: fixture.root })

    const path = (file: string): string => fixture.path(file)
    expect(exports['got']).toEqual([
      path('a.ts'),
      path('lib/b.mts'),
      ['a', path('lib/c.jsx')],
      'import.meta.url',
      fixture.root,
    ])
  })

  test('the same object each time', async () => {
    await using fixture = await createFixture({
      'a.ts': 'export const one = import.meta; export const same = import.meta === one',
    })
    await using bundling = createBundling(fixture.root)

    const { artifact } = await bundling.one('a.ts')

    expect((await runWrapped(artifact)).exports['same']).toBe(true)
  })

  test('and CommonJS its __dirname, without turning it into ESM', async () => {
    await using fixture = await createFixture({
      'a.ts': 'import c from "./lib/c.cjs"; import d from "./lib/d.js"; export const got = [c, d]',
      'lib/c.cjs':
        '#!/usr/bin/env node\n// import.meta\nmodule.exports = [__dirname, __filename, typeof exports]',
      'lib/d.js': 'exports.__esModule = true; exports.default = __filename',
    })
    await using bundling = createBundling(fixture.root)

    const { artifact } = await bundling.one('a.ts')
    const { exports } = await runWrapped(artifact, { root: fixture.root })

    const path = (file: string): string => fixture.path(file)
    expect(exports['got']).toEqual([[path('lib'), path('lib/c.cjs'), 'object'], path('lib/d.js')])
  })

  test('while a module without import and export stays what it is', async () => {
    await using fixture = await createFixture({
      'a.ts': 'import "./b.ts"; export const a = 1',
      'b.ts': 'globalThis.seenMeta = import.meta.filename',
    })
    await using bundling = createBundling(fixture.root)

    const { artifact } = await bundling.one('a.ts')
    await runWrapped(artifact, { root: fixture.root })

    expect(Reflect.get(globalThis, 'seenMeta')).toBe(fixture.path('b.ts'))
  })
})
