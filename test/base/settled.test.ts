import { describe, expect, test } from 'vitest'
import { isSettled } from '../../src/base/settled.ts'

describe('isSettled()', () => {
  test('waits longer for times without fractions', () => {
    const found = [9950.5, 9890.5, 8500, 7500].map((ms) =>
      isSettled({ mtimeMs: ms, ctimeMs: ms }, 10_000),
    )

    expect(found).toEqual([false, true, false, true])
  })

  test('takes the later of the two times', () => {
    expect(isSettled({ mtimeMs: 9950.5, ctimeMs: 1.5 }, 10_000)).toBe(false)
    expect(isSettled({ mtimeMs: 1.5, ctimeMs: 9950.5 }, 10_000)).toBe(false)
    expect(isSettled({ mtimeMs: 20_000.5, ctimeMs: 1.5 }, 10_000)).toBe(false)
  })
})
