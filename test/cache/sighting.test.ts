import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { bootId, isAsSeen, isSameSighting, sightingOf } from '../../src/cache/sighting.ts'

const STAT = { size: 10, mtimeMs: 1000.25, ctimeMs: 1000.5, ino: 7 }
const SEEN = { ...STAT, boot: 'one', seenAt: 5000 }

describe('isAsSeen()', () => {
  test('trusts a file of which nothing differs', () => {
    expect(isAsSeen(STAT, SEEN, 'one', 5000)).toBe(true)
  })

  test.each([
    ['size', { ...STAT, size: 11 }],
    ['mtime', { ...STAT, mtimeMs: 1000.26 }],
    ['ctime', { ...STAT, ctimeMs: 1000.51 }],
    ['inode', { ...STAT, ino: 8 }],
  ])('does not trust another %s', (_what, stat) => {
    expect(isAsSeen(stat, SEEN, 'one', 5000)).toBe(false)
  })

  test('does not trust what was seen before the machine was started anew', () => {
    expect(isAsSeen(STAT, SEEN, 'two', 5000)).toBe(false)
  })

  test('does not trust what will be seen in the future: the clock was set back', () => {
    expect(isAsSeen(STAT, SEEN, 'one', 4999)).toBe(false)
  })
})

describe('sightingOf()', () => {
  test('notes the file with the time and the start of the machine', () => {
    expect(sightingOf(STAT, 'one', 5000)).toEqual(SEEN)
  })

  test.each([
    ['100 ms where times have fractions', 1000.5, 1100.5],
    ['2 s where they may be whole seconds', 1000, 3000],
  ])('keeps no file younger than %s', (_what, ctimeMs, limit) => {
    const stat = { ...STAT, mtimeMs: 10, ctimeMs }

    expect(sightingOf(stat, 'one', limit)).toBeUndefined()
    expect(sightingOf(stat, 'one', limit + 1)).toBeDefined()
  })

  test('takes the later of both times', () => {
    const stat = { ...STAT, mtimeMs: 4999.5 }

    expect(sightingOf(stat, 'one', 5000)).toBeUndefined()
  })

  test('keeps no file without a number', () => {
    expect(sightingOf({ ...STAT, ino: 0 }, 'one', 5000)).toBeUndefined()
  })
})

describe('isSameSighting()', () => {
  test('ignores when it was', () => {
    expect(isSameSighting(SEEN, { ...SEEN, seenAt: 6000 })).toBe(true)
    expect(isSameSighting(SEEN, { ...SEEN, boot: 'two' })).toBe(false)
    expect(isSameSighting(SEEN, { ...SEEN, ctimeMs: 1 })).toBe(false)
  })
})

describe('bootId()', () => {
  test('is the same each time, and there on Linux only', () => {
    expect(bootId()).toBe(bootId())
    expect(bootId() !== undefined).toBe(existsSync('/proc/sys/kernel/random/boot_id'))
  })
})
