import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseMap, parseText, printText, type SettingKind } from '../../src/config/parse.ts'

const word = fc.stringMatching(/^[A-Za-z0-9_@/*.-]+$/)
const values: Readonly<Record<SettingKind, fc.Arbitrary<unknown>>> = {
  text: fc.string({ minLength: 1 }),
  path: fc.string({ minLength: 1 }),
  secret: fc.string({ minLength: 1 }),
  choice: word,
  boolean: fc.boolean(),
  'boolean-or-choice': fc.oneof(fc.boolean(), fc.constantFrom('inline', 'linked')),
  integer: fc.integer(),
  number: fc.integer({ min: 0, max: 1e9 }).map((value) => value / 1024),
  duration: fc.nat(),
  bytes: fc.nat(),
  list: fc.array(word),
  map: fc.dictionary(word, word, { noNullPrototype: true }),
  // Has no text: its members have.
  'open-map': fc.constant(undefined),
}

function read(text: string): unknown {
  return parseText('boolean', text)
}

describe('parseText()', () => {
  test.each(Object.entries(values))('reads what printText() prints of a %s', (kind, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, (value) => {
        const text = printText(kind as SettingKind, value)

        expect(parseText(kind as SettingKind, text)).toEqual(value)
      }),
    )
  })

  test('reads eight spellings of booleans and no other', () => {
    expect(['true', '1', 'yes', 'on', 'TRUE'].map(read)).toEqual([true, true, true, true, true])
    expect(['false', '0', 'no', 'off', 'Off'].map(read)).toEqual(Array(5).fill(false))
    expect(['', ' ', 'y', 'enabled', '2', 'null'].map(read)).toEqual(Array(6).fill(undefined))
  })

  test('never throws and never makes NaN', () => {
    const kinds = fc.constantFrom(...(Object.keys(values) as SettingKind[]))
    fc.assert(
      fc.property(kinds, fc.string(), (kind, text) => {
        expect(parseText(kind, text)).not.toBeNaN()
      }),
    )
  })

  test('keeps what follows the first equals sign of a pair', () => {
    expect(parseText('map', 'A="x=y", B=1')).toEqual({ A: '"x=y"', B: '1' })
  })
})

describe('parseMap()', () => {
  test('refuses items without a key', () => {
    expect([parseMap(['a']), parseMap(['=b']), parseMap([])]).toEqual([undefined, undefined, {}])
  })
})
