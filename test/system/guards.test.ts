import { once } from 'node:events'
import { hasSubscribers } from 'node:diagnostics_channel'
import { describe, expect, test } from 'vitest'
import { ModuleSystem } from '../../src/system/module-system.ts'
import { errorOf, faultCodes } from '../support/config-scene.ts'
import { createFixture, type Fixture } from '../support/fixture.ts'
import { asked, ASKING, guardsOf, serve } from './effects/asking.ts'
import { outcomeOf, systemMaker } from './effects/effect-case.ts'

const DISPATCHER = Symbol.for('undici.globalDispatcher.1')
const CHANNEL = 'http.client.request.created'

const fails = (): Promise<never> => Promise.reject(new Error('refused'))

function systemOn(fixture: Fixture, guard: object = {}): ModuleSystem {
  return systemMaker(fixture, 'root', fixture.root)({ guard })
}

async function failTimes(system: ModuleSystem, times: number): Promise<void> {
  const guard = system.guard('payments')
  for (let at = 0; at < times; at += 1) await guard.call(fails).catch(() => {})
}

describe('ModuleSystem.guard()', () => {
  test('gives one guard for one name, with the options of the first call', async () => {
    await using fixture = await createFixture({})
    await using system = systemOn(fixture)
    const guard = system.guard('payments', { breaker: { consecutive: 2 } })

    const again = [
      system.guard('payments'),
      system.guard('payments', { breaker: { consecutive: 2 } }),
    ]
    await failTimes(system, 2)

    expect(again).toEqual([guard, guard])
    expect(guard.state).toBe('open')
    // Whole ms: it becomes a Retry-After.
    expect(Number.isInteger(guard.snapshot()?.retryAfterMs)).toBe(true)
    await expect(guard.call(() => 1)).rejects.toMatchObject({
      code: 'SOMON_GUARD_OPEN',
      data: {
        ...{ owner: 'main', dependency: 'payments', reason: 'consecutive' },
        retryAfterMs: expect.any(Number) as number,
        lastFailure: { message: 'refused' },
      },
      cause: { message: 'refused' },
    })
  })

  test('is configured over its options', async () => {
    await using fixture = await createFixture({})
    await using system = systemOn(fixture, {
      dependencies: { payments: { breaker: { consecutive: 1 } } },
    })
    system.guard('payments', { breaker: { consecutive: 5 } })

    await failTimes(system, 1)

    expect(system.guard('payments').state).toBe('open')
  })

  test('answers by its fallback, and asks its predicate', async () => {
    await using fixture = await createFixture({})
    await using system = systemOn(fixture, { breaker: { consecutive: 1 } })
    const options = { fallback: () => 'last known', isFailure: () => false }

    const answer = await system.guard('payments', options).call<unknown>(fails)

    expect([answer, system.guard('payments').state]).toEqual(['last known', 'closed'])
  })

  test.for<[string, object, string]>([
    ['a wrong value', { timeoutMs: -1 }, 'SOMON_CONFIG_VALUE'],
    ['NaN', { timeoutMs: Number.NaN }, 'SOMON_CONFIG_VALUE'],
    ['an unknown option', { timeout: 1 }, 'SOMON_CONFIG_UNKNOWN_KEY'],
    ['a contradiction', { rate: { burst: 5 } }, 'SOMON_GUARD_SETTING'],
    ['what only an edge has', { match: ['http://a.example'] }, 'SOMON_GUARD_SETTING'],
  ])('refuses %s, and makes no guard', async ([, options, code]) => {
    await using fixture = await createFixture({})
    await using system = systemOn(fixture)

    const error = errorOf(() => system.guard('payments', options))

    expect([error.code, faultCodes(error)]).toEqual(['SOMON_CONFIG_INVALID', [code]])
    expect(system.guard('payments', { timeoutMs: 5 }).state).toBe('closed')
  })

  test('refuses calls once the system has ended', async () => {
    await using fixture = await createFixture({})
    const system = systemOn(fixture)
    const guard = system.guard('payments')
    await guard.call(() => 1)

    await system.shutdown()

    expect(await outcomeOf(guard.call(() => 1))).toBe('SOMON_GUARD_DISPOSED')
  })
})

describe('ModuleSystem.configure()', () => {
  test('acts on guards that are there, and keeps what they have counted', async () => {
    await using fixture = await createFixture({})
    await using system = systemOn(fixture)
    await failTimes(system, 3)

    system.configure({ guard: { breaker: { consecutive: 3 } } })

    expect(system.guard('payments').state).toBe('open')
    expect(system.settings.guard.breaker.consecutive).toBe(3)
  })

  test('adds to earlier changes, and takes each as a whole', async () => {
    await using fixture = await createFixture({})
    await using system = systemOn(fixture)
    system.configure({ guard: { timeoutMs: 7, dependencies: { payments: { timeoutMs: 8 } } } })

    const error = errorOf(() => system.configure({ guard: { timeoutMs: 9, abandonMs: -1 } }))
    system.configure({ failureThreshold: 4 })

    const { timeoutMs, breaker, dependencies } = system.settings.guard
    expect(faultCodes(error)).toEqual(['SOMON_CONFIG_VALUE'])
    expect([timeoutMs, breaker.consecutive, dependencies]).toEqual([
      ...[7, 4],
      { payments: { timeoutMs: 8 } },
    ])
  })

  test('takes a setting that was changed before by whatever name', async () => {
    await using fixture = await createFixture({})
    await using system = systemOn(fixture)
    system.configure({ failureThreshold: 3, guard: { dependencies: { a: { timeoutMs: 1 } } } })
    system.configure({ circuitBreakers: false })

    system.configure({ guard: { breaker: { consecutive: 5 }, timeoutMs: '2s' } })
    system.configure(JSON.parse('{ "guard": { "dependencies": { "a": { "timeout_ms": 2 } } } }'))

    const { enabled, timeoutMs, breaker, dependencies } = system.settings.guard
    expect([enabled, timeoutMs, breaker.consecutive, dependencies]).toEqual([
      ...[false, 2_000, 5],
      { a: { timeoutMs: 2 } },
    ])
  })

  test('keeps what a section says when it is switched off or on as a whole', async () => {
    await using fixture = await createFixture({})
    await using system = systemOn(fixture)
    system.configure({ guard: { timeoutMs: 7 } })

    system.configure(JSON.parse('{ "guard": false }'))
    const off = system.settings.guard
    system.configure({ guard: { abandonMs: 8 } })
    const { enabled, timeoutMs, abandonMs } = system.settings.guard

    expect([off.enabled, off.timeoutMs]).toEqual([false, 7])
    expect([enabled, timeoutMs, abandonMs]).toEqual([false, 7, 8])
  })

  test('refuses a change with the name of what every object has', async () => {
    await using fixture = await createFixture({})
    await using system = systemOn(fixture)

    const error = errorOf(() => system.configure(JSON.parse('{ "__proto__": { "guard": {} } }')))

    expect(faultCodes(error)).toEqual(['SOMON_CONFIG_UNKNOWN_KEY'])
  })

  test('refuses what is read once, and what cannot act on its kind', async () => {
    await using fixture = await createFixture({})
    await using system = systemOn(fixture)

    const fixed = errorOf(() => system.configure({ loading: { packages: 'bundle' } }))
    const stage = errorOf(() =>
      system.configure({
        guard: { dependencies: { db: { kind: 'tcp', match: ['db:1'], retry: { max: 1 } } } },
      }),
    )

    const bound = errorOf(() =>
      system.configure({
        guard: { dependencies: { pay: { kind: 'module', match: ['pay'], functions: ['charge'] } } },
      }),
    )

    expect([faultCodes(fixed), faultCodes(stage), faultCodes(bound)]).toEqual([
      ['SOMON_CONFIG_NOT_LIVE'],
      ['SOMON_GUARD_SETTING'],
      ['SOMON_CONFIG_NOT_LIVE'],
    ])
    expect(system.settings.guard.dependencies).toEqual({})
  })

  test('switches guards on and off in a running system', async () => {
    await using fixture = await createFixture(ASKING)
    await using server = await serve()
    await using system = systemOn(fixture, { enabled: false })
    await asked(system, server.origin)
    const off = guardsOf(system)

    system.configure({ circuitBreakers: true })
    await asked(system, server.origin)
    const on = guardsOf(system)
    system.configure({
      circuitBreakers: false,
      guard: { dependencies: { x: { mode: 'isolated' } } },
    })

    expect([off, on, await asked(system, server.origin)]).toEqual([
      [],
      [server.origin],
      '200 hello',
    ])
  })
})

describe('ModuleSystem.actOnGuards()', () => {
  test('resets what is named, by id or by dependency, and tells which', async () => {
    await using fixture = await createFixture({})
    await using system = systemOn(fixture, { breaker: { consecutive: 1 } })
    await failTimes(system, 1)
    await system
      .guard('stock')
      .call(fails)
      .catch(() => {})

    const byName = system.actOnGuards('reset', ['payments'])
    const states = [system.guard('payments').state, system.guard('stock').state]
    const all = system.actOnGuards('reset')

    expect([byName, states, all.toSorted()]).toEqual([
      ['main:payments'],
      ['closed', 'open'],
      ['main:payments', 'main:stock'],
    ])
    expect(system.guard('stock').state).toBe('closed')
  })

  test('does nothing at all when one name is unknown', async () => {
    await using fixture = await createFixture({})
    await using system = systemOn(fixture, { breaker: { consecutive: 1 } })
    await failTimes(system, 1)

    const error = errorOf(() => system.actOnGuards('reset', ['payments', 'paymentz']))

    expect([error.code, error.data.nearest]).toEqual(['SOMON_GUARD_UNKNOWN', 'payments'])
    expect(system.guard('payments').state).toBe('open')
  })
})

describe('the guards of a system', () => {
  test('stand before what its modules reach, by fetch and by node:http', async () => {
    await using fixture = await createFixture({
      'main.ts': `import { get } from 'node:http'
export const ask = (url: string) => new Promise<number | undefined>((resolve, reject) => {
  get(url, (response) => { response.resume(); resolve(response.statusCode) }).on('error', reject)
})
export const fetched = async (url: string) => (await fetch(url)).status`,
    })
    await using server = await serve()
    await using system = systemOn(fixture)
    const module = await system.load<{
      readonly ask: (url: string) => Promise<number>
      readonly fetched: (url: string) => Promise<number>
    }>('./main.ts')

    // node:http has no owner outside of use(): fetch has, because it is the module's own.
    const answers = [
      await module.use(({ ask }) => ask(server.origin)),
      await module.exports.fetched(server.origin),
    ]

    const guard = system.stats().guards.breakers[`main.ts:${server.origin}`]
    expect([answers, guard?.window.ok]).toEqual([[200, 200], 2])
  })

  test('never see what another system or the program itself does', async () => {
    await using fixture = await createFixture(ASKING)
    await using server = await serve()
    await using one = systemOn(fixture)
    await using other = systemOn(fixture)

    await asked(one, server.origin)
    await asked(other, server.origin)
    await asked(other, server.origin)
    await fetch(server.origin)

    const counts = [one, other].map(
      (system) => system.stats().guards.breakers[`main.ts:${server.origin}`]?.window.ok,
    )
    expect(counts).toEqual([1, 2])
  })

  test('say of what kind they are, and how many requests belonged to nobody', async () => {
    await using fixture = await createFixture(ASKING)
    await using server = await serve()
    await using system = systemOn(fixture, {
      dependencies: { hello: { kind: 'http', match: [server.origin] } },
    })
    await asked(system, server.origin)
    await system.guard('payments').call(() => 1)

    await fetch(server.origin)

    const { unowned, breakers } = system.stats().guards
    const kinds = Object.values(breakers).map(({ kind, declared }) => [kind, declared])
    expect(kinds).toEqual([
      ['http', true],
      ['custom', true],
    ])
    expect(unowned).toBe(1)
  })

  test('count no request as that of nobody while they are switched off', async () => {
    await using fixture = await createFixture(ASKING)
    await using server = await serve()
    await using system = systemOn(fixture)
    await asked(system, server.origin)

    system.configure({ circuitBreakers: false })
    await asked(system, server.origin)
    await fetch(server.origin)
    const off = system.stats().guards.unowned
    system.configure({ circuitBreakers: true })
    await fetch(server.origin)

    expect([off, system.stats().guards.unowned]).toEqual([0, 1])
  })

  test('leave nothing behind', async () => {
    await using fixture = await createFixture(ASKING)
    await using server = await serve()
    await (await fetch(server.origin)).text()
    const before = Reflect.get(globalThis, DISPATCHER) as unknown
    const system = systemOn(fixture)
    await asked(system, server.origin)
    const during = [Reflect.get(globalThis, DISPATCHER) === before, hasSubscribers(CHANNEL)]

    await system.shutdown()

    expect(during).toEqual([false, true])
    expect(Reflect.get(globalThis, DISPATCHER)).toBe(before)
    expect(hasSubscribers(CHANNEL)).toBe(false)
  })

  test('watch nothing when they are switched off', async () => {
    await using fixture = await createFixture(ASKING)
    await using server = await serve()
    await using system = new ModuleSystem({
      root: fixture.root,
      circuitBreakers: false,
      cache: { disk: { mode: 'off' } },
    })
    const before = Reflect.get(globalThis, DISPATCHER) as unknown

    await asked(system, server.origin)
    const guard = system.guard('payments')
    const answer = await guard.call(() => 'plain')

    expect([answer, guard.state, guard.snapshot(), system.stats().guards.overall.total]).toEqual([
      ...['plain', 'disabled', undefined],
      0,
    ])
    expect(Reflect.get(globalThis, DISPATCHER)).toBe(before)
    expect(hasSubscribers(CHANNEL)).toBe(false)
  })

  test('end a request at its timeout, and its socket with it', async () => {
    await using fixture = await createFixture(ASKING)
    const closed = Promise.withResolvers<void>()
    await using server = await serve((request) => {
      void once(request.socket, 'close').then(() => closed.resolve())
    })
    await using system = systemOn(fixture, { timeoutMs: 50 })

    const outcome = await asked(system, server.origin)
    await closed.promise

    expect(outcome).toBe('SOMON_GUARD_TIMEOUT')
  })
})
