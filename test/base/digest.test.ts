import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { digest, digestParts } from '../../src/base/digest.ts'

describe('digest()', () => {
  test('is the sha256 of a text as UTF-8', () => {
    expect(digest('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    expect(digest('é')).toBe(createHash('sha256').update('é', 'utf8').digest('hex'))
  })

  test('is the same whether node:crypto is loaded or not', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        const expected = createHash('sha256').update(text, 'utf8').digest('hex')

        expect(digest(text)).toBe(expected)
        expect(digest(Buffer.from(text))).toBe(expected)
      }),
      { numRuns: 500 },
    )
  })

  test('is the same for a text and its bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(digest(Buffer.from(text))).toBe(digest(text))
      }),
    )
  })
})

describe('digestParts()', () => {
  test('differs for parts that join to the same text', () => {
    expect(digestParts(['ab', 'c'])).not.toBe(digestParts(['a', 'bc']))
    expect(digestParts(['1:a'])).not.toBe(digestParts(['a']))
    expect(digestParts([''])).not.toBe(digestParts([]))
  })

  test('is the same for texts and their bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), (texts) => {
        expect(digestParts(texts)).toBe(digestParts(texts.map((text) => Buffer.from(text))))
      }),
    )
    expect(digestParts(['a', Buffer.from('é')])).toBe(digestParts(['a', 'é']))
  })

  test('is equal for equal lists only', () => {
    const list = fc.array(fc.string({ maxLength: 3 }), { maxLength: 4 })
    fc.assert(
      fc.property(list, list, (a, b) => {
        const equal = JSON.stringify(a) === JSON.stringify(b)

        expect(digestParts(a) === digestParts(b)).toBe(equal)
      }),
    )
  })
})
