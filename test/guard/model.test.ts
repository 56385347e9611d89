import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { breakerLife, playLife } from './support/breaker-model.ts'

const RUNS = Number(process.env.SOMON_TEST_GUARD_LIVES ?? 10_000)

describe('Breaker over random lives', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('is in the state of the reference after each step', () => {
    const result = fc.check(fc.property(breakerLife, playLife), { numRuns: RUNS })

    expect(result.failed ? fc.defaultReportMessage(result) : undefined).toBeUndefined()
    // Only mutation testing limits the time of a property.
    expect(result.interrupted ? RUNS : result.numRuns).toBe(RUNS)
  }, 120_000)
})
