import { deserialize, serialize } from 'node:v8'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { stringBytes } from '../../src/cache/string-bytes.ts'

/** V8's serializer writes `"` before one-byte texts and `c` before two-byte ones. */
function isStoredAsTwoByte(text: string): boolean {
  return serialize(text).includes(0x63, 2) && serialize(text)[2] !== 0x22
}

describe('stringBytes()', () => {
  test('counts one byte a unit up to 0xFF and two beyond, as V8 stores it', () => {
    const texts = fc.oneof(
      fc.string({ unit: fc.integer({ min: 1, max: 0xff }).map((n) => String.fromCharCode(n)) }),
      fc.string({ unit: 'grapheme' }),
    )
    fc.assert(
      fc.property(texts, (text) => {
        const flat = String(deserialize(serialize(text)))

        const bytes = stringBytes(flat)

        expect(bytes).toBe(flat.length * (isStoredAsTwoByte(flat) ? 2 : 1))
      }),
    )
  })

  test('tells the two sides of the border apart', () => {
    const sizes = [stringBytes(''), stringBytes('\u00ff'), stringBytes('a\u0100')]

    expect(sizes).toEqual([0, 1, 4])
  })
})
