import { describe, expect, test } from 'vitest'
import type { ModuleSystem } from '../../src/system/module-system.ts'
import { errorOf, faultCodes } from '../support/config-scene.ts'
import { createFixture, type Fixture } from '../support/fixture.ts'
import { systemMaker } from './effects/effect-case.ts'

function systemOn(fixture: Fixture): ModuleSystem {
  return systemMaker(
    fixture,
    'root',
    fixture.root,
  )({ guard: { timeoutMs: 100, dependencies: { payments: { timeoutMs: 200 } } } })
}

describe('ModuleSystem.configure() with null', () => {
  test('takes back what earlier calls changed, of one setting or of a section', async () => {
    await using fixture = await createFixture({})
    await using system = systemOn(fixture)
    const change = { guard: { timeoutMs: 7, abandonMs: 8, breaker: { open: { baseMs: 9 } } } }
    system.configure(change)
    system.configure({ failureThreshold: 3 })

    system.configure({ guard: { timeoutMs: null } })
    const one = system.settings.guard
    system.configure({ guard: { breaker: null } })
    const section = system.settings.guard
    system.configure(change)
    system.configure({ guard: null })
    const all = system.settings.guard

    expect([one.timeoutMs, one.abandonMs, one.breaker.consecutive]).toEqual([100, 8, 3])
    expect([section.breaker.open.baseMs, section.breaker.consecutive]).toEqual([5000, 5])
    expect([section.abandonMs, all.timeoutMs, all.abandonMs]).toEqual([8, 100, 5000])
  })

  test('takes back what belongs to one dependency, and to no other of a like name', async () => {
    await using fixture = await createFixture({})
    await using system = systemOn(fixture)
    const payments = system.guard('payments')
    const changed = { timeoutMs: 1, breaker: { consecutive: 2 }, mode: 'isolated' } as const
    system.configure({ guard: { dependencies: { payments: changed, 'payments.eu': changed } } })
    await payments.call(() => 1).catch(() => {})
    const before = payments.state

    system.configure({ guard: { dependencies: { payments: { mode: null, breaker: null } } } })
    const { payments: parts } = system.settings.guard.dependencies
    system.configure({ guard: { dependencies: { payments: null } } })

    expect([before, payments.state]).toEqual(['isolated', 'closed'])
    expect(parts).toEqual({ timeoutMs: 1 })
    expect(system.settings.guard.dependencies).toEqual({
      ...{ payments: { timeoutMs: 200 }, 'payments.eu': changed },
    })
  })

  test('takes back by another name of the setting', async () => {
    await using fixture = await createFixture({})
    await using system = systemOn(fixture)
    system.configure({ guard: { enabled: false } })

    system.configure({ circuitBreakers: null })

    expect(system.settings.guard.enabled).toBe(true)
  })

  test('refuses what is read once or does not exist', async () => {
    await using fixture = await createFixture({})
    await using system = systemOn(fixture)
    const faultsOf = (text: string): readonly string[] =>
      faultCodes(errorOf(() => system.configure(JSON.parse(text))))

    expect([
      faultsOf('{ "loading": { "packages": null } }'),
      faultsOf('{ "loading": null }'),
      faultsOf('{ "guard": { "timeout": null } }'),
      faultsOf('{ "guard": { "dependencies": { "a": { "breakers": null } } } }'),
    ]).toEqual([
      ['SOMON_CONFIG_VALUE'],
      ['SOMON_CONFIG_VALUE'],
      ['SOMON_CONFIG_UNKNOWN_KEY'],
      ['SOMON_CONFIG_UNKNOWN_KEY'],
    ])
  })
})
