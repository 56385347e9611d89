import { afterEach, describe, expect, test, vi } from 'vitest'
import { createRig } from './support/evaluator.ts'
import { wrapped } from './support/wrapped.ts'

const ASKS = wrapped({
  entry: 'orders.ts',
  body: "const ask = (...given) => fetch('http://x.test/', ...given)",
  exports: { ask: 'ask' },
})

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('the fetch of a module', () => {
  test.for(['dispose', 'off'] as const)(
    'belongs to it, whoever calls, with the ledger "%s"',
    async (ledger) => {
      using rig = createRig('/root', { ledger })
      const owners: unknown[] = []
      vi.stubGlobal('fetch', () => {
        owners.push(rig.evaluator.ownerNow())
        return Promise.resolve('answer')
      })
      const { namespace } = await rig.start(ASKS)
      const { ask } = namespace as { ask: (init?: object) => Promise<unknown> }

      const answer = await ask()

      expect([answer, ...owners]).toEqual(['answer', 'orders.ts'])
      expect(rig.evaluator.ownerNow()).toBeUndefined()
    },
  )

  test('tells before each request, and hands everything over', async () => {
    const told: unknown[][] = []
    using rig = createRig('/root', { onFetch: () => told.push(['before']) })
    vi.stubGlobal('fetch', (...given: unknown[]) => told.push(given))
    const { namespace } = await rig.start(ASKS)
    const { ask } = namespace as { ask: (init: object) => unknown }

    ask({ method: 'PUT' })

    expect(told).toEqual([['before'], ['http://x.test/', { method: 'PUT' }]])
  })

  test('looks like the global one', async () => {
    using rig = createRig('/root')
    const facts = wrapped({
      body: 'const facts = [typeof fetch, fetch.name, fetch.length, eval("typeof fetch")]',
      exports: { facts: 'facts' },
    })

    const { namespace } = await rig.start(facts)

    expect(namespace.facts).toEqual(['function', fetch.name, fetch.length, 'function'])
  })
})
