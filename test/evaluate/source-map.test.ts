import { describe, expect, test } from 'vitest'
import { SourceMaps } from '../../src/evaluate/source-map.ts'
import { identityMap, sourceMap } from './support/wrapped.ts'

describe('SourceMaps', () => {
  test('SourceMaps.position() finds the source of a place, both 1-based', () => {
    const map = sourceMap(
      ['src/a.ts', 'src/b.ts'],
      [
        [[0, 0, 4, 2]],
        [
          [0, 0, 6, 0],
          [8, 1, 1, 3],
        ],
      ],
    )
    const maps = new SourceMaps(
      () => map,
      () => 0,
    )

    expect(maps.position('id', 1, 1)).toEqual({ file: 'src/a.ts', line: 5, column: 3 })
    expect(maps.position('id', 2, 9)).toEqual({ file: 'src/b.ts', line: 2, column: 4 })
    expect(maps.position('id', 9, 1)).toBeUndefined()
  })

  test('SourceMaps.position() decodes each map once and keeps the most recently used', () => {
    const asked: string[] = []
    const maps = new SourceMaps(
      (id) => {
        asked.push(id)
        return identityMap('a.ts', 1)
      },
      () => 0,
      2,
    )

    for (const id of ['one', 'two', 'one', 'three', 'one', 'two']) maps.position(id, 1, 1)

    expect(asked).toEqual(['one', 'two', 'three', 'two'])
    expect(maps.decoded).toBe(2)
  })

  test('SourceMaps.position() asks again for an absent map after a second or its arrival', () => {
    let now = 0
    let asked = 0
    const maps = new SourceMaps(
      () => {
        asked += 1
        return undefined
      },
      () => now,
    )

    for (let call = 0; call < 5; call += 1) maps.position('id', 1, 1)
    now = 1001
    maps.position('id', 1, 1)
    maps.arrived('id')
    maps.position('id', 1, 1)

    expect(asked).toBe(3)
  })

  test('SourceMaps.position() takes a faulty map for an absent one', () => {
    const maps = new SourceMaps(
      () => '{"version":3',
      () => 0,
    )

    expect(maps.position('id', 1, 1)).toBeUndefined()
  })
})
