import { describe, expect, test } from 'vitest'
import { measureMicro } from '../../bench/harness/micro.ts'

describe('measureMicro()', () => {
  test('counts four blocks a pair after those it discards, the first variant twice', async () => {
    let closed = 0
    const { variants } = await measureMicro(
      {
        kind: 'micro',
        name: 'case',
        variants: [
          { name: 'A', run: async (count) => spin(count), prove: () => 'x' },
          { name: 'B', run: async (count) => spin(count), prove: () => 'x' },
        ],
        close: async () => void (closed += 1),
      },
      { pairs: 2 },
    )

    expect(variants.map(({ variant }) => variant)).toEqual(['A', 'B', 'A/A'])
    expect(variants.map(({ samples }) => samples.nsPerCall?.length)).toEqual([8, 8, 8])
    expect(variants.every(({ samples }) => samples.nsPerCall?.every((ns) => ns > 0))).toBe(true)
    expect(closed).toBe(1)
  })

  test('reports a variant that does other work as failed, and keeps the yardstick first', async () => {
    const { variants } = await measureMicro(
      {
        kind: 'micro',
        name: 'case',
        variants: [
          { name: 'A', run: async (count) => spin(count), prove: () => 'x' },
          { name: 'B', run: async (count) => spin(count), prove: () => 'y' },
        ],
      },
      { pairs: 1 },
    )

    expect(variants.map(({ variant }) => variant)).toEqual(['A', 'A/A', 'B'])
    expect(variants[2]).toMatchObject({ failure: 'other work: y', samples: {} })
  })
})

let sink = 0

function spin(count: number): void {
  for (let i = 0; i < count * 1000; i += 1) sink += i
}
