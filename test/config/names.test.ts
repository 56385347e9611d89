import { describe, expect, test } from 'vitest'
import { camelCase, flagOf, segmentedVariableOf, variableOf } from '../../src/config/names.ts'

describe('variableOf()', () => {
  test('joins all words with one underscore', () => {
    expect(variableOf('cache.disk.maxAgeMs')).toBe('SOMON_CACHE_DISK_MAX_AGE_MS')
  })
})

describe('segmentedVariableOf()', () => {
  test('joins segments with two underscores', () => {
    expect(segmentedVariableOf('cache.disk.maxAgeMs')).toBe('SOMON_CACHE__DISK__MAX_AGE_MS')
  })
})

describe('flagOf()', () => {
  test('writes a path in kebab-case', () => {
    expect(flagOf('loading.timeoutMs')).toBe('--loading-timeout-ms')
  })
})

describe('camelCase()', () => {
  test.for([
    ['max_age_ms', 'maxAgeMs'],
    ['maxAgeMs', 'maxAgeMs'],
    ['a', 'a'],
    ['_private', '_private'],
    ['__proto__', '__proto__'],
    ['SOME_NAME', 'SOME_NAME'],
    ['with-dash', 'with-dash'],
  ] as const)('reads %s as %s', ([key, expected]) => {
    expect(camelCase(key)).toBe(expected)
  })
})
