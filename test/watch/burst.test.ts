import { describe, expect, test } from 'vitest'
import { Burst } from '../../src/watch/burst.ts'

describe('Burst.add()', () => {
  test('is true once for every limit of events at one time', () => {
    const burst = new Burst(10)

    const answers = Array.from({ length: 25 }, () => burst.add(5))

    expect(answers.flatMap((isBurst, index) => (isBurst ? [index + 1] : []))).toEqual([10, 20])
  })

  test('is never true for a steady event every millisecond', () => {
    const burst = new Burst(10)

    expect(Array.from({ length: 1000 }, (_, now) => burst.add(now))).not.toContain(true)
  })

  test('is true for a burst that takes a while to be handed over', () => {
    const burst = new Burst(100)

    expect(Array.from({ length: 200 }, (_, index) => burst.add(index / 10))).toContain(true)
  })
})
