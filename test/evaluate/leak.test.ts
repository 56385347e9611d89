import { beforeAll, describe, expect, test } from 'vitest'
import { leakKinds } from './support/leak-kinds.ts'
import { runLeakChild, type LeakFindings, type PlantFindings } from './support/run-leak-child.ts'

// The long form with 2,000 reloads and natural collection is test/soak/leak.test.ts.
describe('leak gate', () => {
  let findings: Readonly<Record<string, LeakFindings>> = {}
  beforeAll(async () => {
    findings = await runLeakChild({ kinds: leakKinds, reloads: 200 })
  }, 180_000)

  test.each(leakKinds)('Evaluator.retire() leaves nothing of 200 reloads: %s', (kind) => {
    const found = findings[kind]

    expect(found?.finalized).toBeGreaterThanOrEqual(198)
    expect(found?.bytesPerReload).toBeLessThan(1024)
    expect(found?.resources).toBeLessThanOrEqual(0)
  })

  test('RetiredGenerations names exactly the generations that survive without a ledger', async () => {
    const { planted } = await runLeakChild<PlantFindings>({
      kinds: [],
      reloads: 50,
      mode: 'planted',
    })

    expect(planted?.leaked).toEqual([10, 20, 30, 40, 50])
    expect(planted?.retired).toEqual([10, 20, 30, 40, 50])
  }, 60_000)
})
