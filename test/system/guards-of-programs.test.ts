import { describe, expect, test } from 'vitest'
import type { ModuleSystem } from '../../src/system/module-system.ts'
import { errorOf } from '../support/config-scene.ts'
import { createFixture, type Fixture } from '../support/fixture.ts'
import { outcomeOf, systemMaker } from './effects/effect-case.ts'

function systemOn(fixture: Fixture, guard: object = {}): ModuleSystem {
  return systemMaker(fixture, 'root', fixture.root)({ guard })
}

const fails = (): Promise<never> => Promise.reject(new Error('refused'))

describe('ModuleSystem.guard() by many names', () => {
  test('lets guards go that are idle and closed, and makes them again with their options', async () => {
    await using fixture = await createFixture({})
    await using system = systemOn(fixture, { maxGuards: 10 })
    const first = system.guard('first', { breaker: { consecutive: 1 } })
    await first.call(() => 1)

    for (let at = 0; at < 100; at += 1) await system.guard(`tenant ${at}`).call(() => 1)
    const { total } = system.stats().guards.overall
    await first.call(fails).catch(() => {})

    expect(total).toBe(10)
    expect(await outcomeOf(first.call(() => 1))).toBe('SOMON_GUARD_OPEN')
  })
})

describe('ModuleSystem.guard() without options at first', () => {
  test('takes those of the first call that gives some, also for the guard that is there', async () => {
    await using fixture = await createFixture({})
    await using system = systemOn(fixture)
    const early = system.guard('late')
    await early.call(fails).catch(() => {})

    const late = system.guard('late', { breaker: { consecutive: 2 }, fallback: () => 'last known' })
    const answer = await early.call<unknown>(fails)

    expect(late).toBe(early)
    expect([answer, late.state]).toEqual(['last known', 'open'])
    expect(errorOf(() => system.guard('late', { breaker: { consecutive: 3 } })).code).toBe(
      'SOMON_GUARD_CONFLICT',
    )
  })

  test('keeps the options of the first call that gives some when a call gives none', async () => {
    await using fixture = await createFixture({})
    await using system = systemOn(fixture)
    const options = { fallback: () => 'last known' }
    system.guard('late', { fallback: undefined })
    system.guard('late', options)

    system.guard('late')

    expect(system.guard('late', options).name).toBe('late')
    expect(errorOf(() => system.guard('late', { fallback: () => 'other' })).code).toBe(
      'SOMON_GUARD_CONFLICT',
    )
  })
})
