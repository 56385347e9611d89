import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nearest } from '../../src/base/nearest.ts'

const known = ['cache.maxBytes', 'cache.maxEntries', 'loading.timeoutMs', 'root']

describe('nearest()', () => {
  test.each([
    ['cache.maxByte', 'cache.maxBytes'],
    ['cahce.maxBytes', 'cache.maxBytes'],
    ['CACHE.MAXENTRIES', 'cache.maxEntries'],
    ['loading.timeout', 'loading.timeoutMs'],
    ['rot', 'root'],
    ['roto', 'root'],
  ])('finds for %s the word %s', (word, expected) => {
    expect(nearest(word, known)).toBe(expected)
  })

  test.each(['management.port', 'x', '', 'rt'])('finds nothing for %j', (word) => {
    expect(nearest(word, known)).toBeUndefined()
  })

  test('counts a swap of neighbours as one change', () => {
    expect(nearest('ab', ['ba'])).toBe('ba')
    expect(nearest('abc', ['cba'])).toBeUndefined()
  })

  test('prefers the nearer of two words, and the first of equals', () => {
    expect(nearest('abcdef', ['abcxyf', 'abcdeg'])).toBe('abcdeg')
    expect(nearest('abcdef', ['abcdeg', 'abcdeh'])).toBe('abcdeg')
  })

  test('finds every known word itself', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1 }), (words) => {
        const lower = [...new Set(words.map((word) => word.toLowerCase()))]

        expect(lower.map((word) => nearest(word, lower))).toEqual(lower)
      }),
    )
  })

  test('finds a word of six letters or more after one random edit', () => {
    const word = fc.stringMatching(/^[a-z]{6,20}$/)
    fc.assert(
      fc.property(word, fc.nat(), fc.constantFrom('drop', 'double', 'swap'), (text, at, edit) => {
        const index = at % (text.length - 1)
        const [a = '', b = ''] = [text[index], text[index + 1]]
        const changed = { drop: a, double: a + b + b, swap: b + a }[edit]

        expect(nearest(text.slice(0, index) + changed + text.slice(index + 2), [text])).toBe(text)
      }),
    )
  })
})
