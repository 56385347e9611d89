import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { InputCollector, KeptReads, readInput } from '../../src/bundle/inputs.ts'
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

function countedReads(): { readonly kept: KeptReads; readonly reads: string[] } {
  const reads: string[] = []
  const kept = new KeptReads(undefined, (file) => {
    reads.push(file)
    return readInput(file)
  })
  return { kept, reads }
}

describe('KeptReads.read()', () => {
  const LATER_MS = 60_000

  test('reads a file once while its stat is the same, for every rebuild', async () => {
    await using fixture = await createFixture({ 'a.ts': 'a', 'b.ts': 'b' })
    const { kept, reads } = countedReads()
    const now = Date.now() + LATER_MS

    const rebuild = (): unknown[] => {
      const collector = new InputCollector()
      collector.readThrough(kept, now)
      return ['a.ts', 'b.ts'].map((name) => collector.read(join(fixture.root, name)))
    }
    const first = rebuild()
    writeFileSync(join(fixture.root, 'b.ts'), 'c')
    const [a, b] = rebuild()

    expect(reads).toHaveLength(3)
    expect(a).toBe(first[0])
    expect(b).not.toBe(first[1])
    expect(b).toMatchObject({ sha256: readInput(join(fixture.root, 'b.ts')).sha256 })
  })

  test('reads a file again that was young when it was read', async () => {
    await using fixture = await createFixture({ 'a.ts': 'a' })
    const file = join(fixture.root, 'a.ts')
    const { kept, reads } = countedReads()

    kept.read(file, Date.now())
    kept.read(file, Date.now())

    expect(reads).toHaveLength(2)
  })

  test('reads a file again whose size and time were put back', async () => {
    await using fixture = await createFixture({ 'a.ts': 'a' })
    const file = join(fixture.root, 'a.ts')
    const { kept } = countedReads()
    const past = new Date(1_000_000)
    utimesSync(file, past, past)
    const before = kept.read(file, Date.now() + LATER_MS)

    writeFileSync(file, 'b')
    utimesSync(file, past, past)
    const after = kept.read(file, Date.now() + LATER_MS)

    expect(after.sha256).not.toBe(before.sha256)
  })

  test('throws for a file that has gone', async () => {
    await using fixture = await createFixture({ 'a.ts': 'a' })
    const file = join(fixture.root, 'a.ts')
    const { kept } = countedReads()
    kept.read(file, Date.now() + LATER_MS)

    await fixture.remove('a.ts')

    expect(() => kept.read(file, Date.now() + LATER_MS)).toThrow(/ENOENT/)
  })
})
