import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalJson } from '../../src/base/canonical-json.ts'

describe('canonicalJson()', () => {
  test('sorts the keys of every level', () => {
    expect(canonicalJson({ b: { d: 1, c: [{ f: 1, e: 2 }] }, a: null })).toBe(
      '{"a":null,"b":{"c":[{"e":2,"f":1}],"d":1}}',
    )
  })

  test('leaves out undefined members and prints regular expressions as their source', () => {
    expect(canonicalJson({ a: undefined, b: /x/gi })).toBe('{"b":{"$regexp":"/x/gi"}}')
  })

  test('prints what toJSON() returns', () => {
    expect(canonicalJson({ at: new Date(0) })).toBe('{"at":"1970-01-01T00:00:00.000Z"}')
  })

  test.each([
    ['a function', { a: () => 1 }],
    ['a symbol', { a: Symbol('a') }],
    ['a map', { a: new Map([[1, 2]]) }],
    ['a set', [new Set([1])]],
    ['NaN', { a: Number.NaN }],
    ['Infinity', [Infinity]],
    ['undefined itself', undefined],
  ])('refuses %s', (_name, value) => {
    expect(() => canonicalJson(value)).toThrow(TypeError)
  })

  test('refuses a cycle', () => {
    const ring: Record<string, unknown> = { a: 1 }
    ring.self = { ring }

    expect(() => canonicalJson(ring)).toThrow(/"ring".*cycle/)
  })

  test('prints one object twice when it is no cycle', () => {
    const shared = { b: 1 }

    expect(canonicalJson([shared, shared])).toBe('[{"b":1},{"b":1}]')
  })

  test('gives equal text for equal values in any key order', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const backwards = Object.fromEntries(Object.entries(value).toReversed())

        expect(canonicalJson(backwards)).toBe(canonicalJson(value))
      }),
    )
  })

  test('keeps the value: parsing the text gives it back', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })
})
