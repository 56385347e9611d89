import { array, assert as fcAssert, asyncProperty, constantFrom, record, string } from 'fast-check'
import { Script } from 'node:vm'
import { beforeAll, describe, expect, test } from 'vitest'
import { build } from 'esbuild'
import { prepareLexer } from '../../src/bundle/lexer.ts'
import type { Wrapped } from '../../src/bundle/wrap.ts'
import { wrap } from '../../src/bundle/wrap.ts'
import type { Ran, RunOptions } from './support/run-wrapped.ts'
import { runWrapped } from './support/run-wrapped.ts'

beforeAll(prepareLexer)

/** Prints a text as esbuild does in a bundle; every bare import stays one. */
async function printed(source: string, files: Readonly<Record<string, string>> = {}) {
  const result = await build({
    stdin: { contents: source, sourcefile: '/src/entry.ts', loader: 'ts', resolveDir: '/' },
    absWorkingDir: '/',
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    target: 'node24',
    plugins: [
      {
        name: 'files',
        setup(esbuild) {
          esbuild.onResolve({ filter: /^\.\// }, ({ path }) => ({ path, namespace: 'f' }))
          esbuild.onLoad({ filter: /.*/, namespace: 'f' }, ({ path }) => ({
            contents: files[path] ?? '',
            resolveDir: '/',
            loader: path.endsWith('.cjs') ? 'js' : 'ts',
          }))
        },
      },
    ],
  })
  return result.outputFiles[0]?.text ?? ''
}

function wrapText(text: string): Wrapped {
  return wrap(text, {
    entry: 'src/entry.ts',
    isInput: (path) => /^(?:src|f):?/.test(path),
    copyOf: () => '',
  })
}

async function runText(text: string, options: RunOptions = {}): Promise<Ran> {
  const wrapped = wrapText(text)
  return runWrapped({ ...wrapped, deps: wrapped.imports }, options)
}

async function run(
  source: string,
  modules: RunOptions['modules'] = {},
  files: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  return runText(await printed(source, files), { modules })
}

const ext = { default: 'the default', a: 1, b: 2, 'a name': 3 }

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

describe('wrap() registers exports', () => {
  /**
   * Symptom: names of `export * from "pkg"` below the entry, and of starred CommonJS sources, were
   * missing. Cause: esbuild leaves them out of an ESM output (evanw/esbuild#1737). Fix: the object
   * in which it gathers them is registered too.
   */
  test('wrap() registers the object with the names that only the body knows', async () => {
    const files = { './hub.ts': 'export * from "pkg"', './plain.cjs': 'exports.plain = 3' }

    const { late } = await run(
      'export * from "./hub.ts"; export * from "./plain.cjs"; export const own = 1',
      { pkg: { deep: 2, own: 0, default: 4 } },
      files,
    )

    expect(late).toEqual({ own: 1, deep: 2, plain: 3 })
  })

  test('wrap() registers no such object for other files or without a star', async () => {
    const files = { './hub.ts': 'export * from "pkg"; export const own = 1' }

    const { late } = await run(
      'import * as hub from "./hub.ts"; export const a = hub',
      { pkg: {} },
      files,
    )

    expect(late).toBeUndefined()
  })

  test.each<[string, Record<string, unknown>]>([
    ['export default 5', { default: 5 }],
    ['export const a = 1, b = 2', { a: 1, b: 2 }],
    ['const a = 1; export { a as renamed }', { renamed: 1 }],
    ['const a = 1; export { a as "any } name" }', { 'any } name': 1 }],
    ['const a = 1; export { a as __proto__ }', Object.fromEntries([['__proto__', 1]])],
    ['export { a } from "ext"', { a: 1 }],
    ['export { default } from "ext"', { default: 'the default' }],
    ['export { a as "x y" } from "ext"', { 'x y': 1 }],
    ['export * as all from "ext"', { all: ext }],
    ['export {}', {}],
  ])('%s', async (source, expected) => {
    const { exports, names } = await run(source, { ext })

    expect(names.toSorted()).toEqual(Object.keys(expected).toSorted())
    for (const name of names)
      expect(exports[name]).toEqual(Object.getOwnPropertyDescriptor(expected, name)?.value)
  })

  test('as live values: a mutable export shows its latest value', async () => {
    const source = 'export let count = 0; export function up() { count += 1 }'
    const wrapped = wrapText(await printed(source))
    let getters: Readonly<Record<string, () => unknown>> = {}

    const { exports } = await runWrapped(
      { ...wrapped, deps: [] },
      { beforeBody: (g) => (getters = g) },
    )
    ;(exports['up'] as () => void)()

    expect(exports['count']).toBe(0)
    expect(getters['count']?.()).toBe(1)
  })

  test('before the body runs: functions work, the rest is not initialised or undefined', async () => {
    const wrapped = wrapText(
      await printed('export function early() { return 1 } export const late = 2'),
    )
    let early: unknown
    let late: unknown = 'untouched'

    await runWrapped(
      { ...wrapped, deps: [] },
      {
        beforeBody: (getters) => {
          early = Reflect.apply(getters['early']?.() as () => number, undefined, [])
          late = getters['late']?.()
        },
      },
    )

    expect(early).toBe(1)
    expect(late).toBeUndefined()
  })

  test('of `export * from` an external as stars, its own names as names', async () => {
    const { stars, names } = await run('import "first"; export * from "ext"; export const a = 9', {
      ext,
      first: {},
    })

    expect(names).toEqual(['a'])
    expect(stars).toEqual([1])
  })

  test('of two stars in the order of the dependencies', async () => {
    const { stars } = await run('export * from "one"; export * from "two"', { one: {}, two: {} })

    expect(stars).toEqual([0, 1])
  })

  test('of sources that re-export each other in a cycle', async () => {
    const files = {
      './a': 'export * from "./b"; export const a = 1',
      './b': 'export * from "./a"; export const b = 2',
    }

    const { exports } = await run('export * from "./a"', {}, files)

    expect(exports).toEqual({ a: 1, b: 2 })
  })

  test('leaves a name out that two sources export differently', async () => {
    const files = {
      './a': 'export const same = 1; export const a = 1',
      './b': 'export const same = 2',
    }

    const { exports } = await run('export * from "./a"; export * from "./b"', {}, files)

    expect(exports).toEqual({ a: 1 })
  })

  test('of a CommonJS entry as default', async () => {
    const text = 'var x = 5;\nexport default x + 1;\n'

    const { exports } = await runText(text)

    expect(exports).toEqual({ default: 6 })
  })
})

describe('wrap() finds top-level await', () => {
  test.each<[string, unknown]>([
    ['export const got = await 7', 7],
    ['const x = 0; export const got = (await [x])[0]', 0],
    [
      'const list = []; for await (const x of [1, 2]) list.push(x); export const got = list',
      [1, 2],
    ],
    [
      'export let got = 0; { await using r = { async [Symbol.asyncDispose]() { got = 4 } }; r; }',
      4,
    ],
    ['export const got = `${await 3}`', '3'],
    ['export const got = [1, await 2]', [1, 2]],
    ['export let got; if (await true) got = "yes"', 'yes'],
    ['export class got { static [await "key"] = 1 }', expect.any(Function)],
    ['export const got = await import("node:path").then((m) => m.sep.length)', 1],
  ])('in %s', async (source, expected) => {
    const text = await printed(source)

    const { exports } = await runText(text)

    expect(wrapText(text).tla).toBeDefined()
    expect(exports['got']).toEqual(expected)
  })

  test.each([
    'export async function f() { await 1 }',
    'export const f = async () => await 1',
    'export const text = "await 1", re = /await/, o = { await: 1 }; o.await',
    'export function f() { return arguments.length }',
    'export class A { async m() { for await (const x of []) x } }',
  ])('nowhere in %s', async (source) => {
    const text = await printed(source)

    expect(wrapText(text).tla).toBeUndefined()
    await expect(runText(text)).resolves.toBeDefined()
  })

  test('behind a use of arguments at the top level, which is none', () => {
    const found = wrapText('var n = typeof arguments;\nvar x = await n;\n').tla

    expect(found?.offset).toBe('var n = typeof arguments;\nvar x = '.length)
  })

  test('in a line too long for V8 to mark', async () => {
    const text = `var s = "${'x'.repeat(20_000)}"; export const got = await 1`

    const wrapped = wrapText(await printed(text))

    expect(wrapped.tla).toBeDefined()
  })

  test('and names the file it came from', async () => {
    const files = { './dep': 'export const x = await 1' }

    const text = await printed('import { x } from "./dep"; console.log(x)', files)

    expect(wrapText(text).tla?.file).toBe('f:./dep')
  })
})

describe('wrap() keeps names of the user apart from its own', () => {
  test('when the user declares what the wrapper passes', async () => {
    const source = `
      const require = 1, setTimeout = 2, clearImmediate = 3
      export const got = [require, setTimeout, clearImmediate]`

    expect((await run(source)).exports['got']).toEqual([1, 2, 3])
  })

  test('when the user imports what the wrapper passes', async () => {
    const { exports } = await run('import { setTimeout } from "t"; export const got = setTimeout', {
      t: { setTimeout: 'mine' },
    })

    expect(exports['got']).toBe('mine')
  })

  test('when the user uses names with $', async () => {
    const source = `
      import { $d } from "ext"
      export const $s = 1, $m = 2, $e = 3, $i0 = 4, $sa = 5
      export const got = [$s, $m, $e, $i0, $sa, $d, globalThis.$i1]
      export const lazy = () => import(String($s))`
    const text = await printed(source)

    const { exports, dynamicCalls } = await runText(text, { modules: { ext: { $d: 6 }, 1: {} } })
    await (exports['lazy'] as () => Promise<unknown>)()

    expect(exports['got']).toEqual([1, 2, 3, 4, 5, 6, undefined])
    expect(dynamicCalls).toEqual([{ site: 0, args: ['1'] }])
  })

  test('passes require and timers to code that does not declare them', async () => {
    const { exports } = await run(
      'export const got = [typeof require("node:fs").statSync, typeof setTimeout]',
    )

    expect(exports['got']).toEqual(['function', 'function'])
  })

  test('runs in strict mode and without this', async () => {
    const { exports } = await run('export const got = (function () { return this })()')

    expect(exports['got']).toBeUndefined()
  })

  test('reads what a script takes for an HTML comment as the module it is', async () => {
    const source = 'let x = 1, y = 1; export const got = [x < !--y, y-- > 0, "<!-- -->", `\n--> z`]'

    const { exports } = await run(source)

    expect(exports['got']).toEqual([false, false, '<!-- -->', '\n--> z'])
  })

  test('accepts a hashbang and directives', async () => {
    const { exports } = await run(
      '#!/usr/bin/env node\n"use strict";\n"use client";\nexport const got = 1',
    )

    expect(exports['got']).toBe(1)
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

describe('wrap() refuses', () => {
  test('import phases by naming them', () => {
    expect(wrapText('import defer * as x from "ext";\nx;\n').unsupported).toBe('import defer')
    expect(wrapText('import source x from "ext";\nx;\n').unsupported).toBe('import source')
    expect(wrapText('import x from "ext";\nx;\n').unsupported).toBeUndefined()
  })

  test('an export that esbuild does not print', () => {
    expect(() => wrapText('export const a = 1;\n')).toThrow(/expected what esbuild prints/)
  })
})

describe('wrap() keeps every line and column', () => {
  const statement = constantFrom(
    'import "ext"',
    'import d from "ext"',
    'import d, { a as b } from "ext"',
    'import * as all from "other"',
    'export * from "ext"',
    'export { a } from "ext"',
    'export const c = import("ext")',
    'export { "a name" as "another } name" } from "ext"',
    'const local = await import(c2)',
    'export default function named() { return 1 }',
    'export let text = `import(x)\n${1} export { a }`',
  )
  const marker = string({ minLength: 1, maxLength: 12 }).map((text) => JSON.stringify(text))

  test('of whatever is not module syntax', async () => {
    await fcAssert(
      asyncProperty(array(record({ statement, marker }), { maxLength: 6 }), async (parts) => {
        const source = parts
          .map(
            (part, index) => `${renamed(part.statement, index)};\nkeep(${index}, ${part.marker});`,
          )
          .join('\n')
        const bundled = await printed(`const c2 = "";\n${source}`)
        const { code, head } = wrapText(bundled)

        const body = code.slice(head)

        expect(body.length).toBe(bundled.length + '\n})})'.length)
        expect(breaks(body).slice(0, -1)).toEqual(breaks(bundled))
        for (const { index, text } of kept(bundled)) {
          expect(body.slice(index, index + text.length)).toBe(text)
        }
        expect(() => new Script(code)).not.toThrow()
      }),
      { numRuns: 60 },
    )
  })
})

/** Names of one statement made unique, so that several of them fit one module. */
function renamed(statement: string, index: number): string {
  return statement
    .replaceAll(/\b(d|b|all|c|local|named|text)\b(?! from "ext" \})/g, `$1_${index}`)
    .replaceAll('{ a }', `{ a as a_${index} }`)
    .replaceAll('another } name', `another } name ${index}`)
    .replace('export default', index === 0 ? 'export default' : 'export')
}

function breaks(text: string): readonly number[] {
  return [...text.matchAll(/\n/g)].map((found) => found.index)
}

function kept(text: string): readonly { readonly index: number; readonly text: string }[] {
  return [...text.matchAll(/^keep\(.*\);$/gm)].map((found) => ({
    index: found.index,
    text: found[0],
  }))
}
