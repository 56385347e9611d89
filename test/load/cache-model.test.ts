import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { history, playHistory } from './support/cache-model.ts'

describe('Loader.artifact() over random histories', () => {
  test.each(['hash', 'stat'] as const)(
    'equals a clean build, in memory and across processes, by %s',
    async (evidence) => {
      await fc.assert(
        fc.asyncProperty(history, async (steps) => {
          const compared = await playHistory(steps, evidence)

          expect(compared).toBe(1 + 2 * steps.length)
        }),
        { numRuns: 8 },
      )
    },
    60_000,
  )
})
