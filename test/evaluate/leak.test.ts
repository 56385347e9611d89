import { describe, expect, test } from 'vitest'
import { leakKinds } from './support/leak-kinds.ts'
import { runLeakChild, type PlantFindings } from './support/run-leak-child.ts'

// The long form with 2,000 reloads and natural collection is test/soak/leak.test.ts.
describe('leak gate', () => {
  test.each(leakKinds)(
    'Evaluator.retire() leaves nothing of 200 reloads: %s',
    async (kind) => {
      const found = await runLeakChild({ kind, reloads: 200 })

      expect(found.finalized).toBeGreaterThanOrEqual(found.reloads * 0.99)
      expect(found.bytesPerReload).toBeLessThan(1024)
      expect(found.resources).toBeLessThanOrEqual(0)
    },
    120_000,
  )

  test('RetiredGenerations names exactly the generations that survive without a ledger', async () => {
    const found = await runLeakChild<PlantFindings>({
      kind: 'planted',
      reloads: 50,
      mode: 'planted',
    })

    expect(found.leaked).toEqual([10, 20, 30, 40, 50])
    expect(found.retired).toEqual([10, 20, 30, 40, 50])
  })
})
