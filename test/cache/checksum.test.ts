import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checksum } from '../../src/cache/checksum.ts'

const bytes = fc.uint8Array({ minLength: 1, maxLength: 400 })
const change = fc.tuple(fc.nat(), fc.uint8Array({ minLength: 8, maxLength: 8 }))

describe('checksum()', () => {
  test('differs after any change within eight aligned bytes', () => {
    fc.assert(
      fc.property(bytes, change, (whole, [at, mask]) => {
        const changed = Buffer.from(whole)
        const from = (at % Math.ceil(whole.length / 8)) * 8
        for (const [index, bits] of mask.entries()) {
          if (from + index < whole.length)
            changed[from + index] = (changed[from + index] ?? 0) ^ bits
        }
        fc.pre(!changed.equals(whole))

        expect(checksum(changed, 'key')).not.toEqual(checksum(whole, 'key'))
      }),
      { numRuns: 2000 },
    )
  })

  test('depends in both halves on every word', () => {
    const words = new Int32Array(16)
    const [one, two] = halves(checksum(new Uint8Array(words.buffer), ''))

    const same = [...words.keys()].slice(0, 14).flatMap((at) => {
      const changed = words.with(at, 1)
      const [otherOne, otherTwo] = halves(checksum(new Uint8Array(changed.buffer), ''))
      return one === otherOne || two === otherTwo ? [at] : []
    })

    expect(same).toEqual([])
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

function halves(sum: Uint8Array): readonly number[] {
  return [...new Int32Array(sum.slice().buffer)]
}
