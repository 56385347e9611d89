import { describe, expect, test } from 'vitest'
import { requestKey } from '../../src/load/key.ts'

describe('requestKey()', () => {
  test('differs by entry and by fingerprint', () => {
    const keys = [requestKey('a', 'b'), requestKey('a', 'c'), requestKey('b', 'b')]

    expect(new Set(keys).size).toBe(3)
    expect(requestKey('a', 'b')).toBe(keys[0])
  })

  test('does not mix up where the entry ends', () => {
    expect(requestKey('ab', 'c')).not.toBe(requestKey('a', 'bc'))
  })
})
