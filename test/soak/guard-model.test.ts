import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { breakerLife, playLife } from '../guard/support/breaker-model.ts'

const BATCHES = 50
const LIVES_PER_BATCH = 2000

describe('Breaker over very many random lives', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('is in the state of the reference after each step, in 100,000 lives', async () => {
    let lives = 0
    for (let batch = 0; batch < BATCHES; batch += 1) {
      const result = fc.check(fc.property(breakerLife, playLife), { numRuns: LIVES_PER_BATCH })
      expect(result.failed ? fc.defaultReportMessage(result) : undefined).toBeUndefined()
      lives += result.numRuns
      // The promises of the engine's rounds are settled and dropped only between turns.
      await Promise.resolve()
    }

    expect(lives).toBe(BATCHES * LIVES_PER_BATCH)
  })
})
