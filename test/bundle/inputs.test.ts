import { describe, expect, test } from 'vitest'
import { createFixture } from '../support/fixture.ts'
import { createBundling } from './support/bundling.ts'
import { runWrapped } from './support/run-wrapped.ts'

describe('Bundler.build() reads files by attributes and extensions', () => {
  test.each<[string, string, unknown]>([
    ['import x from "./d.json"', 'x', { a: [1] }],
    ['import { a } from "./d.json"', 'a', [1]],
    ['import x from "./d.json" with { type: "json" }', 'x', { a: [1] }],
    ['import x from "./d.json" with { type: "text" }', 'x', '{"a":[1]}'],
    ['import x from "./d.json" with { type: "bytes" }', 'x', new TextEncoder().encode('{"a":[1]}')],
    ['import x from "./code.ts" with { type: "text" }', 'x', 'export const c = 1 as number'],
    ['import { c } from "./code.ts"', 'c', 1],
    ['import x from "./note.txt"', 'x', 'a note'],
    ['import x from "./style.css"', 'x', 'a { b: c }'],
    ['const x = (await import("./d.json", { with: { type: "json" } })).default', 'x', { a: [1] }],
  ])('%s', async (statement, name, expected) => {
    await using fixture = await createFixture({
      'a.ts': `${statement}; export const got = ${name}`,
      'd.json': '{"a":[1]}',
      'code.ts': 'export const c = 1 as number',
      'note.txt': 'a note',
      'style.css': 'a { b: c }',
    })
    await using bundling = createBundling(fixture.root)

    const { artifact } = await bundling.one('a.ts')

    expect((await runWrapped(artifact)).exports['got']).toEqual(expected)
  })

  test('a file with two attributes is one input, read once', async () => {
    await using fixture = await createFixture({
      'a.ts':
        'import t from "./d.json" with { type: "text" }; import d from "./d.json"; export const got = [t, d]',
      'd.json': '{"a":1}',
    })
    await using bundling = createBundling(fixture.root)

    const { artifact, metafile } = await bundling.one('a.ts')

    expect((await runWrapped(artifact)).exports['got']).toEqual(['{"a":1}', { a: 1 }])
    expect(artifact.inputs.map(({ path }) => path)).toEqual(['a.ts', 'd.json'])
    expect(Object.keys(metafile.inputs)).toEqual(['a.ts', 'd.json'])
  })

  test('an entry of JSON and of CommonJS', async () => {
    await using fixture = await createFixture({
      'd.json': '{"a":1}',
      'c.cjs': 'exports.sum = require("./d.json").a + require("node:path").sep.length',
    })
    await using bundling = createBundling(fixture.root)

    const json = await runWrapped((await bundling.one('d.json')).artifact)
    const cjs = await runWrapped((await bundling.one('c.cjs')).artifact, { root: fixture.root })

    expect(json.exports).toEqual({ a: 1, default: { a: 1 } })
    expect(cjs.exports).toEqual({ default: { sum: 2 } })
  })

  test('by the loaders and defines of the options', async () => {
    await using fixture = await createFixture({
      'a.ts': 'import x from "./q.sql"; export const got = [x, MODE]',
      'q.sql': 'select 1',
    })
    await using bundling = createBundling(fixture.root, {
      build: { loader: { '.sql': 'text' }, define: { MODE: '"test"' } },
    })

    const { artifact } = await bundling.one('a.ts')

    expect((await runWrapped(artifact)).exports['got']).toEqual(['select 1', 'test'])
  })
})
