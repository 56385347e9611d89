import { join, sep } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { allocatedBytes, fileOf, parseKey } from '../../src/cache/disk-layout.ts'

describe('fileOf()', () => {
  test('shards by the first two characters', () => {
    const file = fileOf('/cache', parseKey('keys/ab12.json'))

    expect(file).toBe(join('/cache', 'v2', 'keys', 'ab', 'ab12.json'))
  })

  test('stays below the directory for every key that is accepted', () => {
    const part = fc.string({ unit: fc.constantFrom('a', '1', '.', '/', '\\', '-', 'A', ' ', '\0') })
    fc.assert(
      fc.property(fc.constantFrom('keys', 'blobs', 'maps', 'code', '..'), part, (space, name) => {
        let file = join('/cache', 'v2', 'refused')
        try {
          file = fileOf('/cache', parseKey(`${space}/${name}`))
        } catch (error) {
          if (!(error instanceof TypeError)) throw error
        }

        expect(join(file).startsWith(join('/cache', 'v2') + sep)).toBe(true)
        expect(file).not.toContain('\0')
      }),
    )
  })
})

describe('allocatedBytes()', () => {
  test('rounds up to whole blocks', () => {
    expect([0, 1, 4096, 4097].map(allocatedBytes)).toEqual([0, 4096, 4096, 8192])
  })
})
