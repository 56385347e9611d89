import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sha256 } from '../../src/base/sha256.ts'

function expected(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

describe('sha256()', () => {
  test('gives the digests of the examples of FIPS 180-4', () => {
    const digests = ['abc', 'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq'].map(
      (text) => sha256(Buffer.from(text)),
    )

    expect(digests).toEqual([
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ])
  })

  test('equals node:crypto for every length up to 9,000 bytes', () => {
    const bytes = Buffer.from(Array.from({ length: 9000 }, (_, index) => (index * 167) >> 3))

    const wrong = Array.from({ length: 9001 }, (_, length) => bytes.subarray(0, length)).filter(
      (part) => sha256(part) !== expected(part),
    )

    expect(wrong).toEqual([])
  })

  test('equals node:crypto for any bytes, wherever they lie in their buffer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(8), (bytes, from) => {
        expect(sha256(bytes.subarray(from))).toBe(expected(bytes.subarray(from)))
      }),
    )
  })
})
