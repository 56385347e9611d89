import { describe, expect, test } from 'vitest'
import { evaluationTimedOut } from '../../src/evaluate/errors.ts'

describe('SOMON_EVALUATE_TIMEOUT', () => {
  test.each([
    [250, '250 ms'],
    [90_000, '1 min 30 s'],
  ])('prints %i ms as a person reads it', (timeoutMs, text) => {
    const error = evaluationTimedOut({ module: 'a.ts', timeoutMs })

    expect(error.message).toBe(
      `Cannot evaluate "a.ts": its top-level await still waits after ${text}`,
    )
  })
})
