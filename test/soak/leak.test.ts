import { describe, expect, test } from 'vitest'
import { leakKinds } from '../evaluate/support/leak-kinds.ts'
import { runLeakChild } from '../evaluate/support/run-leak-child.ts'

const TIMEOUT_MS = 30 * 60_000

describe('leak gate, long form', () => {
  test.each(leakKinds)(
    'Evaluator.retire() leaves nothing of 2,000 reloads: %s',
    async (kind) => {
      const { [kind]: found } = await runLeakChild({ kinds: [kind], reloads: 2000 })

      expect(found?.finalized).toBeGreaterThanOrEqual(1980)
      expect(found?.bytesPerReload).toBeLessThan(1024)
      expect(found?.resources).toBeLessThanOrEqual(0)
    },
    TIMEOUT_MS,
  )

  // A worker takes about 10 ms to start: 2,000 of them above are enough.
  test.each(leakKinds.filter((kind) => kind !== 'worker'))(
    'Evaluator.retire() holds a 64 MB heap level over 12,000 reloads: %s',
    async (kind) => {
      const { [kind]: found } = await runLeakChild({
        kinds: [kind],
        reloads: 12_000,
        mode: 'natural',
        nodeOptions: ['--max-old-space-size=64'],
      })

      const [first, last] = found?.quarters ?? [0, 0]
      expect(first).toBeGreaterThan(0)
      expect(last).toBeLessThanOrEqual(first * 1.2)
    },
    TIMEOUT_MS,
  )
})
