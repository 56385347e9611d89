import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checksum } from '../../src/cache/checksum.ts'

const bytes = fc.uint8Array({ minLength: 1, maxLength: 400 })
const words = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 2 ** 32 - 1 }))

function lanes(sum: Uint8Array): readonly number[] {
  return [...new Int32Array(sum.slice().buffer)]
}

describe('checksum()', () => {
  test('differs in both lanes after any change within one word', () => {
    fc.assert(
      fc.property(bytes, words, (whole, [at, mask]) => {
        const changed = Buffer.from(whole)
        const from = (at % Math.ceil(whole.length / 4)) * 4
        for (let index = 0; index < 4 && from + index < whole.length; index += 1) {
          changed[from + index] = (changed[from + index] ?? 0) ^ ((mask >>> (index * 8)) & 255)
        }
        fc.pre(!changed.equals(whole))

        const [one, two] = lanes(checksum(whole, 'key'))
        const [otherOne, otherTwo] = lanes(checksum(changed, 'key'))

        expect([one === otherOne, two === otherTwo]).toEqual([false, false])
      }),
      { numRuns: 2000 },
    )
  })

  test('differs for any other bytes and for another seed', () => {
    fc.assert(
      fc.property(bytes, bytes, fc.string(), fc.string(), (one, other, seed, otherSeed) => {
        fc.pre(!Buffer.from(one).equals(other) && seed !== otherSeed)

        expect(checksum(one, seed)).not.toEqual(checksum(other, seed))
        expect(checksum(one, seed)).not.toEqual(checksum(one, otherSeed))
      }),
    )
  })

  test('tells zeros at the end apart by their number', () => {
    const sums = [0, 1, 2, 3, 4, 5].map((count) => String(checksum(new Uint8Array(count), '')))

    expect(new Set(sums).size).toBe(6)
  })

  test('is the same wherever the bytes lie in their buffer', () => {
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 9 }), (whole, offset) => {
        const moved = new Uint8Array(whole.length + offset)
        moved.set(whole, offset)

        expect(checksum(moved.subarray(offset), 'key')).toEqual(checksum(whole, 'key'))
      }),
    )
  })
})
