import { describe, expect, test } from 'vitest'
import { settingsTable } from '../../src/config/schema.ts'
import { createFixture } from '../support/fixture.ts'
import { bundleEffects } from './effects/bundle-effects.ts'
import { guardEdgeEffects } from './effects/guard-edge-effects.ts'
import { guardEffects } from './effects/guard-effects.ts'
import { cacheEffects } from './effects/cache-effects.ts'
import { liveMaker, systemMaker } from './effects/effect-case.ts'
import { loadingEffects } from './effects/loading-effects.ts'
import { watchEffects } from './effects/watch-effects.ts'

const effects = {
  ...loadingEffects,
  ...watchEffects,
  ...bundleEffects,
  ...cacheEffects,
  ...guardEffects,
  ...guardEdgeEffects,
}
const paths = settingsTable.map(({ path }) => path)
const livePaths = settingsTable.filter(({ live }) => live).map(({ path }) => path)

describe('settingsTable', () => {
  test('has an observed effect for every setting, and no effect of another one', () => {
    expect(Object.keys(effects).toSorted()).toEqual(paths.toSorted())
  })

  test.for(paths)('%s changes what is observed', async (path) => {
    const effect = effects[path]
    if (effect === undefined) throw new Error(`no case observes ${path}`)

    const observed: unknown[] = []
    for (const [value] of effect.seen) {
      await using fixture = await createFixture(effect.files ?? {})
      observed.push(await effect.observe(value, fixture, systemMaker(fixture, path, value)))
    }

    expect(observed).toEqual(effect.seen.map(([, expected]) => expected))
    expect(new Set(observed.map((one) => JSON.stringify(one))).size).toBe(effect.seen.length)
    expect(effect.seen.length).toBeGreaterThan(1)
  })

  test.for(livePaths)('%s changes it in a running system too', async (path) => {
    const effect = effects[path]
    if (effect === undefined) throw new Error(`no case observes ${path}`)

    const observed: unknown[] = []
    for (const [value] of effect.seen) {
      await using fixture = await createFixture(effect.files ?? {})
      observed.push(await effect.observe(value, fixture, liveMaker(fixture, path, value)))
    }

    expect(observed).toEqual(effect.seen.map(([, expected]) => expected))
  })
})
