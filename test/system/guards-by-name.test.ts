import { describe, expect, test } from 'vitest'
import type { ModuleSystem } from '../../src/system/module-system.ts'
import { errorOf } from '../support/config-scene.ts'
import { createFixture, type Fixture } from '../support/fixture.ts'
import { asked, ASKING, serve } from './effects/asking.ts'
import { systemMaker } from './effects/effect-case.ts'

function systemOn(fixture: Fixture, guard: object = {}): ModuleSystem {
  return systemMaker(fixture, 'root', fixture.root)({ guard })
}

describe('ModuleSystem.actOnGuards() with a declared name', () => {
  test('means all guards of the dependency, or all that one owner has', async () => {
    await using fixture = await createFixture({
      ...ASKING,
      'other.ts': "export { ask } from './main.ts'",
    })
    await using first = await serve()
    await using second = await serve()
    await using system = systemOn(fixture, {
      dependencies: { lo: { kind: 'http', match: [first.origin, second.origin] } },
    })
    await asked(system, first.origin)
    await asked(system, second.origin)
    const other = await system.load<{ ask(url: string): Promise<string> }>('./other.ts')
    await other.use((exports) => exports.ask(first.origin))

    const all = system.actOnGuards('isolate', ['lo'])
    const own = system.actOnGuards('enable', ['main.ts:lo'])
    const one = system.actOnGuards('enable', [`other.ts:lo[${first.origin}]`])
    const error = errorOf(() => system.actOnGuards('enable', ['main.ts:lu']))

    const ids = [first, second].map(({ origin }) => `main.ts:lo[${origin}]`)
    expect(all).toEqual([...ids, `other.ts:lo[${first.origin}]`])
    expect(own).toEqual(ids)
    expect(one).toEqual([`other.ts:lo[${first.origin}]`])
    expect([error.code, error.data.nearest]).toEqual(['SOMON_GUARD_UNKNOWN', 'main.ts:lo'])
  })
})

describe('guard.dependencies["<owner>:<declared name>"]', () => {
  test('acts on all guards that the owner has of the dependency', async () => {
    await using fixture = await createFixture(ASKING)
    await using server = await serve((_request, response) => {
      response.statusCode = 500
      response.end()
    })
    await using system = systemOn(fixture, {
      dependencies: {
        lo: { kind: 'http', match: [server.origin, 'http://a.example'] },
        'main.ts:lo': { breaker: { consecutive: 1 } },
      },
    })

    const outcomes = [await asked(system, server.origin), await asked(system, server.origin)]

    expect(outcomes).toEqual(['500 ', 'SOMON_GUARD_OPEN'])
  })

  test('is weaker than the settings of one of them, and stronger than those of all owners', async () => {
    await using fixture = await createFixture(ASKING)
    await using server = await serve()
    const name = `lo[${server.origin}]`
    const isolated = { mode: 'isolated' }
    const match = [server.origin, 'http://a.example']
    const outcomeWith = async (dependencies: object): Promise<string> => {
      await using system = systemOn(fixture, {
        dependencies: { lo: { kind: 'http', match }, ...dependencies },
      })
      return await asked(system, server.origin)
    }

    const over = await outcomeWith({ [name]: { mode: 'auto' }, 'main.ts:lo': isolated })
    const under = await outcomeWith({
      'main.ts:lo': isolated,
      [`main.ts:${name}`]: { mode: 'auto' },
    })

    expect([over, under]).toEqual(['SOMON_GUARD_ISOLATED', '200 hello'])
  })
})
