import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatBytes, formatDuration, parseBytes, parseDuration } from '../../src/base/units.ts'

describe('parseBytes()', () => {
  test.each([
    ['1048576', 1_048_576],
    [1_048_576, 1_048_576],
    ['100MiB', 104_857_600],
    ['1.5 GB', 1_500_000_000],
    [' 2 kib ', 2048],
    ['7b', 7],
    ['0', 0],
    [1.4, 1],
  ])('reads %j as %d', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes)
  })

  test.each([
    '',
    '12x',
    '-1',
    '1,5 MB',
    '1e3',
    '.5kb',
    'MiB',
    '5 constructor',
    '1 MiB 2',
    '9'.repeat(400),
    '9007199254740993',
    Number.NaN,
    -1,
    -0.4,
    Infinity,
  ])('refuses %j', (text) => {
    expect(parseBytes(text)).toBeUndefined()
  })
})

describe('parseDuration()', () => {
  test.each([
    ['250', 250],
    [250, 250],
    ['30s', 30_000],
    ['1.5h', 5_400_000],
    ['2 min', 120_000],
    ['2m', 120_000],
    ['1d', 86_400_000],
    ['40 MS', 40],
  ])('reads %j as %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  test.each(['', '5 valueof', '5 years', '1:30', -5])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeUndefined()
  })
})

describe('formatBytes()', () => {
  test.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1023.9, '1 KiB'],
    [1536, '1.5 KiB'],
    [12.34 * 2 ** 20, '12.3 MiB'],
    [123.4 * 2 ** 20, '123 MiB'],
    [2 ** 20 - 1, '1 MiB'],
    [2 ** 30 - 1, '1 GiB'],
    [5000 * 2 ** 30, '5000 GiB'],
  ])('prints %d as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })

  test('prints what parseBytes() reads back within a twentieth', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 40 }), (bytes) => {
        const back = parseBytes(formatBytes(bytes)) ?? -1

        expect(Math.abs(back - bytes)).toBeLessThanOrEqual(bytes / 20)
      }),
    )
  })
})

describe('formatDuration()', () => {
  test.each([
    [0.04, '0 ms'],
    [0.84, '0.8 ms'],
    [9.97, '10 ms'],
    [42.4, '42 ms'],
    [999.7, '1 s'],
    [1500, '1.5 s'],
    [59_400, '59.4 s'],
    [59_600, '1 min 0 s'],
    [125_000, '2 min 5 s'],
    [3_600_000, '60 min 0 s'],
  ])('prints %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })
})
