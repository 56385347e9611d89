import { describe, expect, test } from 'vitest'
import type { ModuleSystem } from '../../src/system/module-system.ts'
import { createFixture, type Fixture } from '../support/fixture.ts'
import { asked, ASKING, serve } from './effects/asking.ts'
import { systemMaker } from './effects/effect-case.ts'

function systemOn(fixture: Fixture, guard: object = {}): ModuleSystem {
  return systemMaker(fixture, 'root', fixture.root)({ guard })
}

function states(system: ModuleSystem): Readonly<Record<string, string>> {
  const { breakers } = system.stats().guards
  return Object.fromEntries(Object.entries(breakers).map(([id, { state }]) => [id, state]))
}

describe('Module.dispose()', () => {
  test('ends the guards of the module, and of no other owner', async () => {
    await using fixture = await createFixture(ASKING)
    await using server = await serve()
    await using system = systemOn(fixture)
    await asked(system, server.origin)
    await system.guard('payments').call(() => 1)
    const before = Object.keys(states(system))

    await (await system.load('./main.ts')).dispose()

    expect(before).toEqual([`main.ts:${server.origin}`, 'main:payments'])
    expect(states(system)).toEqual({ 'main:payments': 'closed' })
  })

  test.for(['open', 'isolate', 'disable'] as const)(
    'leaves what was told to %s to the module that is loaded next',
    async (action) => {
      await using fixture = await createFixture(ASKING)
      await using server = await serve()
      await using system = systemOn(fixture)
      await asked(system, server.origin)
      system.actOnGuards(action)
      const before = states(system)

      await (await system.load('./main.ts')).dispose()
      const between = states(system)
      const outcome = await asked(system, server.origin)

      const refusals = { open: 'SOMON_GUARD_OPEN', isolate: 'SOMON_GUARD_ISOLATED' } as const
      expect(outcome).toBe(action === 'disable' ? '200 hello' : refusals[action])
      expect([between, states(system)]).toEqual([before, before])
    },
  )

  test('leaves alone what a module of the same name uses already', async () => {
    await using fixture = await createFixture(ASKING)
    await using server = await serve()
    await using system = systemOn(fixture)
    const first = await system.load('./main.ts')

    const disposed = first.dispose()
    await asked(system, server.origin)
    await disposed

    expect(states(system)).toEqual({ [`main.ts:${server.origin}`]: 'closed' })
  })
})
