import { describe, expect, test } from 'vitest'
import { abbaRounds } from '../../bench/harness/abba.ts'

describe('abbaRounds()', () => {
  test('runs two variants as A B B A', () => {
    expect(abbaRounds(['A', 'B'], 4).flat().join('')).toBe('ABBAABBA')
  })

  test('gives every variant the same mean position, however many there are', () => {
    for (const variants of [
      ['A', 'B'],
      ['A', 'B', 'C'],
      ['A', 'B', 'C', 'D', 'E'],
    ]) {
      const order = abbaRounds(variants, 4).flat()

      const positions = variants.map((name) =>
        order.reduce((sum, other, index) => (other === name ? sum + index : sum), 0),
      )

      expect(new Set(positions).size).toBe(1)
    }
  })
})
