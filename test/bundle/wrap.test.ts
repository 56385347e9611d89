import { array, assert as fcAssert, asyncProperty, constantFrom, record, string } from 'fast-check'
import { Script } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { printed, wrapText, runText, run } from './support/wrapping.ts'

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

function breaks(text: string): readonly number[] {
  return [...text.matchAll(/\n/g)].map((found) => found.index)
}

function kept(text: string): readonly { readonly index: number; readonly text: string }[] {
  return [...text.matchAll(/^keep\(.*\);$/gm)].map((found) => ({
    index: found.index,
    text: found[0],
  }))
}

/** Names of one statement made unique, so that several of them fit one module. */
function renamed(statement: string, index: number): string {
  return statement
    .replaceAll(/\b(d|b|all|c|local|named|text)\b(?! from "ext" \})/g, `$1_${index}`)
    .replaceAll('{ a }', `{ a as a_${index} }`)
    .replaceAll('another } name', `another } name ${index}`)
    .replace('export default', index === 0 ? 'export default' : 'export')
}
