import { describe, expect, test } from 'vitest'
import { printed, wrapText, run, ext } from './support/wrapping.ts'

describe('wrap() binds imports', () => {
  test.each<[string, unknown]>([
    ['import d from "ext"; export const got = d', 'the default'],
    ['import { a } from "ext"; export const got = a', 1],
    ['import { a as other } from "ext"; export const got = other', 1],
    ['import { default as d } from "ext"; export const got = d', 'the default'],
    ['import d, { a, b as c } from "ext"; export const got = [d, a, c]', ['the default', 1, 2]],
    ['import { "a name" as named } from "ext"; export const got = named', 3],
    ['import * as all from "ext"; export const got = all', ext],
    ['import d, * as all from "ext"; export const got = [d, all.a]', ['the default', 1]],
    ['import "ext"; export const got = "for its effect"', 'for its effect'],
    ['import { a } from "ext"; import { b } from "ext"; export const got = a + b', 3],
  ])('%s', async (source, expected) => {
    const { exports } = await run(source, { ext })

    expect(exports['got']).toEqual(expected)
  })

  test('of one specifier as one dependency with the names of all statements', async () => {
    const text = await printed(
      'import { b, a } from "ext"; import d from "ext"; console.log(a, b, d)',
    )

    expect(wrapText(text).imports).toEqual([
      { spec: 'ext', kind: 'external', names: ['a', 'b', 'default'], importers: ['src/entry.ts'] },
    ])
  })

  test('with other attributes as another dependency', () => {
    const text =
      'import a from "x.json" with { type: "json" };\nimport b from "x.json";\nexport {\n  a,\n  b\n};\n'

    const { imports } = wrapText(text)

    expect(imports).toEqual([
      {
        spec: 'x.json',
        kind: 'external',
        names: ['default'],
        attributes: { type: 'json' },
        importers: ['src/entry.ts'],
      },
      { spec: 'x.json', kind: 'external', names: ['default'], importers: ['src/entry.ts'] },
    ])
  })

  test('tells builtins from externals, with and without the prefix', async () => {
    const text = await printed(
      'import fs from "fs"; import p from "node:path"; import x from "ext"; console.log(fs, p, x)',
    )

    const kinds = wrapText(text).imports.map(({ spec, kind }) => [spec, kind])

    expect(kinds).toEqual([
      ['fs', 'builtin'],
      ['node:path', 'builtin'],
      ['ext', 'external'],
    ])
  })
})

describe('wrap() replaces import()', () => {
  test('by a call of equal width that names its site, options included', async () => {
    const source =
      'const x = "e" + "xt"; export const got = await Promise.all([import(x), import("ext", { with: { type: "json" } })])'

    const { exports, dynamicCalls } = await run(source, { ext })

    expect(exports['got']).toEqual([ext, ext])
    expect(dynamicCalls).toEqual([
      { site: 0, args: ['ext'] },
      { site: 1, args: ['ext', { with: { type: 'json' } }] },
    ])
  })

  test('and leaves the word alone in strings, comments, regular expressions and templates', async () => {
    const source =
      'export const got = ["import(x)", /import\\(x\\)/.source, `import(${1})`, { import: (n) => n }.import(2)]'

    const { exports, dynamicCalls } = await run(source)

    expect(exports['got']).toEqual(['import(x)', 'import\\(x\\)', 'import(1)', 2])
    expect(dynamicCalls).toEqual([])
  })

  test('and records the file of each site', async () => {
    const files = { './dep': 'export const f = (x) => import(x)' }
    const source = 'export { f } from "./dep"; export const g = (x) => import(x)'

    expect(wrapText(await printed(source, files)).dynamicSites).toEqual(['f:./dep', 'src/entry.ts'])
  })

  test('at more sites than one digit can count', async () => {
    const calls = Array.from({ length: 12 }, (_, index) => `import("ext" + ${index - index})`)
    const { dynamicCalls } = await run(`export const got = [${calls.join(', ')}]`, {
      ext,
      ext0: ext,
    })

    expect(dynamicCalls.map(({ site }) => site)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
  })
})
