import { describe, expect, test } from 'vitest'
import { dependencyTable } from '../../src/config/dependency-rows.ts'
import { stageSpecs } from '../../src/config/guard-specs.ts'
import type { DependencySettings } from '../../src/config/guard-settings.ts'
import type { ModuleSystem } from '../../src/system/module-system.ts'
import { createFixture, type Fixture } from '../support/fixture.ts'
import { asked, ASKING, guardsOf, serve } from './effects/asking.ts'
import { delay, systemMaker } from './effects/effect-case.ts'
import { guardEffects } from './effects/guard-effects.ts'
import { guardEdgeEffects } from './effects/guard-edge-effects.ts'
import { until } from './effects/loading-effects.ts'

const stageEffects = { ...guardEffects, ...guardEdgeEffects }
const stages = Object.keys(stageSpecs).filter((path) => path !== 'bodyIdleMs')

describe('guard.dependencies.<name>', () => {
  test.for(stages)('%s acts on one dependency as it does on all', async (path) => {
    const effect = stageEffects[`guard.${path}`]
    if (effect === undefined) throw new Error(`no case observes guard.${path}`)

    const observed: unknown[] = []
    for (const [value] of effect.seen) {
      await using fixture = await createFixture(effect.files ?? {})
      const make = systemMaker(fixture, `guard.dependencies.payments.${path}`, value)
      observed.push(await effect.observe(value, fixture, make))
    }

    expect(observed).toEqual(effect.seen.map(([, expected]) => expected))
  })

  test('has an observed effect for every setting of its own', () => {
    const own = [...dependencyTable.keys()].filter((path) => !stages.includes(path))

    expect(Object.keys(ownEffects).toSorted()).toEqual(own.toSorted())
  })

  test.for([
    'kind',
    'match',
    'key',
    'routes',
    'functions',
    'mode',
    'probe.path',
    'ignore',
    'bodyIdleMs',
  ])('%s changes what is observed', async (path) => {
    const observe = ownEffects[path]
    if (observe === undefined) throw new Error(`no case observes ${path}`)
    await using fixture = await createFixture(ASKING)
    await using server = await serve((request, response) => {
      response.statusCode = Number(request.headers['x-status'] ?? 200)
      if (request.url === '/half') response.write('half an an')
      else response.end('hello')
    })
    const make = (dependency: DependencySettings): ModuleSystem =>
      systemMaker(fixture, 'guard.dependencies.payments', dependency)()

    const { origin, requests } = server
    const [observed, expected] = await observe({ fixture, origin, requests, make })

    expect(observed).toEqual(expected)
  })
})

/** What a case looks at. */
interface Scene {
  readonly fixture: Fixture
  readonly origin: string
  readonly requests: readonly string[]
  /** Makes a system in which `payments` is declared like this. */
  readonly make: (dependency: DependencySettings) => ModuleSystem
}

const ownEffects: Readonly<
  Record<string, (scene: Scene) => Promise<readonly [observed: unknown, expected: unknown]>>
> = {
  kind: async ({ origin, make }) => {
    await using http = make({ kind: 'http', match: [origin] })
    await using custom = make({ kind: 'custom' })

    await asked(http, origin)
    await asked(custom, origin)

    return [
      [guardsOf(http), guardsOf(custom)],
      [['payments'], [origin]],
    ]
  },
  match: async ({ origin, make }) => {
    await using exact = make({ kind: 'http', match: [origin] })
    await using pattern = make({ kind: 'http', match: ['http://127.0.0.*:*'] })
    await using other = make({ kind: 'http', match: ['http://other.example'] })

    for (const system of [exact, pattern, other]) await asked(system, origin)

    return [
      [exact, pattern, other].map(guardsOf),
      [['payments'], [`payments[${origin}]`], [origin]],
    ]
  },
  key: async ({ origin, make }) => {
    const declared = { kind: 'http', match: [origin] } as const
    await using one = make(declared)
    await using each = make({ ...declared, key: 'origin+route', routes: ['GET /a'] })

    for (const system of [one, each]) {
      await asked(system, `${origin}/a`)
      await asked(system, `${origin}/b`)
    }

    return [
      [guardsOf(one), guardsOf(each)],
      [['payments'], ['payments[GET /a]', 'payments[*]']],
    ]
  },
  routes: async ({ origin, make }) => {
    const declared = { kind: 'http', match: [origin], key: 'origin+route' } as const
    await using first = make({ ...declared, routes: ['GET /a'] })
    await using second = make({ ...declared, routes: ['GET /:any'] })

    for (const system of [first, second]) await asked(system, `${origin}/b`)

    return [
      [guardsOf(first), guardsOf(second)],
      [['payments[*]'], ['payments[GET /:any]']],
    ]
  },
  functions: async ({ fixture, make }) => {
    await fixture.write(
      'node_modules/pay/package.json',
      '{"name":"pay","version":"1.0.0","type":"module"}',
    )
    await fixture.write(
      'node_modules/pay/index.js',
      'export const charge = () => { throw new Error("no") }',
    )
    await fixture.write(
      'main.ts',
      "import { charge } from 'pay'\nexport const pay = async () => charge()\n",
    )
    const declared = { kind: 'module', match: ['pay'], breaker: { consecutive: 1 } } as const
    await using plain = make(declared)
    await using guarded = make({ ...declared, functions: ['charge'] })
    const seen: unknown[] = []
    for (const system of [plain, guarded]) {
      const { exports } = await system.load<{ readonly pay: () => Promise<never> }>('./main.ts')
      await exports.pay().catch(() => {})
      seen.push(await exports.pay().catch((error: { code?: string }) => error.code))
    }

    return [seen, [undefined, 'SOMON_GUARD_OPEN']]
  },
  mode: async ({ origin, make }) => {
    const declared = { kind: 'http', match: [origin], breaker: { consecutive: 1 } } as const
    await using auto = make({ ...declared, mode: 'auto' })
    await using isolated = make({ ...declared, mode: 'isolated' })
    await using disabled = make({ ...declared, mode: 'disabled' })

    const seen: string[] = []
    for (const system of [auto, isolated, disabled]) {
      await asked(system, origin, { headers: { 'x-status': '500' } })
      seen.push(await asked(system, origin))
    }

    return [seen, ['SOMON_GUARD_OPEN', 'SOMON_GUARD_ISOLATED', '200 hello']]
  },
  'probe.path': async ({ origin, requests, make }) => {
    const declared = {
      kind: 'http',
      match: [origin],
      breaker: { consecutive: 1, open: { baseMs: 1 } },
    } as const
    await using probing = make({ ...declared, probe: { path: '/health' } })
    await using waiting = make(declared)

    for (const system of [waiting, probing]) {
      await asked(system, origin, { headers: { 'x-status': '500' } })
    }
    await until(() => stateOf(probing) === 'closed')

    const probes = requests.filter((request) => request === 'GET /health').length
    return [
      [stateOf(waiting), probes],
      ['half-open', 2],
    ]
  },
  ignore: async ({ make }) => {
    const declared = { breaker: { consecutive: 1 } } as const
    const error = Object.assign(new Error('busy'), { code: 'EBUSY' })
    const stateAfter = async (system: ModuleSystem): Promise<string> => {
      const guard = system.guard('payments')
      await guard.call(() => Promise.reject(error)).catch(() => {})
      return guard.state
    }
    await using counting = make(declared)
    await using ignoring = make({ ...declared, ignore: ['EBUSY'] })

    return [
      [await stateAfter(counting), await stateAfter(ignoring)],
      ['open', 'closed'],
    ]
  },
  bodyIdleMs: async ({ origin, make }) => {
    await using system = make({ kind: 'http', match: [origin], bodyIdleMs: 1000 })

    const outcome = await Promise.race([
      asked(system, `${origin}/half`),
      delay(5000).then(() => 'still waiting'),
    ])

    return [outcome, 'SOMON_GUARD_TIMEOUT']
  },
}

function stateOf(system: ModuleSystem): unknown {
  return system.stats().guards.breakers['main.ts:payments']?.state
}
