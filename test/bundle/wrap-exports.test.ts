import { describe, expect, test } from 'vitest'
import { runWrapped } from './support/run-wrapped.ts'
import { printed, wrapText, runText, run, ext } from './support/wrapping.ts'

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
