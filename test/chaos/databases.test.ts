import { describe, expect, test } from 'vitest'
import { createFaultProxy } from '../../src/testing.ts'
import { beginSockets, type SocketRig } from '../guard/edges/socket-scene.ts'
import { freezeServer } from '../guard/support/frozen-server.ts'
import { guardSettings } from '../guard/support/settings.ts'
import { until } from '../guard/support/tcp-scene.ts'
import {
  noPostgres,
  noRedis,
  startPostgres,
  startRedis,
  type DatabaseServer,
} from '../support/servers.ts'
import { drivers, startFakeMysql, type Ask, type Place } from './drivers.ts'

const halfOpen = { probes: 1, successes: 1, maxMs: 5000 }
const open = { baseMs: 20_000, factor: 1, jitter: 0 }
/** Opens after three failures, for longer than a test takes. */
const settings = guardSettings({ consecutive: 3, recoveryMs: 60_000, open, halfOpen })
const impatient = guardSettings(settings.breaker, { timeoutMs: 400 })
/** The open circuit is tried again soon. */
const hurried = guardSettings({ ...settings.breaker, recoveryMs: 1000 })

type Start = () => Promise<Place & AsyncDisposable>
const cases: readonly (readonly [string, string | undefined, Start, Ask])[] = [
  ['pg', noPostgres, startPostgres, drivers.pg],
  ['ioredis', noRedis, startRedis, drivers.ioredis],
  ['redis', noRedis, startRedis, drivers.redis],
  ['mysql2', undefined, startFakeMysql, drivers.mysql2],
]
const servers: readonly (readonly [
  string,
  string | undefined,
  () => Promise<DatabaseServer>,
  Ask,
])[] = [
  ['PostgreSQL', noPostgres, startPostgres, drivers.pg],
  ['Redis', noRedis, startRedis, drivers.ioredis],
]

/** A socket edge for one database, and a way to ask it as code of `orders`. */
function guarding(
  place: Place,
  ask: Ask,
): SocketRig & { ask(timeoutMs?: number): Promise<string> } {
  const rig = beginSockets({ settings, declared: { [`${place.host}:${place.port}`]: 'db' } })
  return { ...rig, ask: (timeoutMs) => rig.scene.as('orders', () => ask(place, timeoutMs)) }
}

function placeOf({ host, port }: Place): Place {
  return { host, port }
}

async function times<T>(count: number, act: () => Promise<T>): Promise<T[]> {
  const results: T[] = []
  for (let at = 0; at < count; at += 1) results.push(await act())
  return results
}

describe('createSocketEdge() before a database that cannot be reached', () => {
  for (const [name, reason, start, ask] of cases) {
    test.skipIf(reason !== undefined)(
      `opens after failures, dials nothing while open, recovers by one dial of ${name}${reason ?? ''}`,
      async () => {
        await using server = await start()
        await using proxy = await createFaultProxy({ upstream: placeOf(server) })
        using rig = guarding(proxy, ask)
        const { breaker } = rig.scene.guard('db')

        const before = await rig.ask()
        await proxy.set({ kind: 'refuse' })
        const failed = await times(3, () => rig.ask())
        await proxy.heal()
        const { accepted } = proxy.stats()
        const refused = await times(10, () => rig.ask())
        const whileOpen = proxy.stats().accepted - accepted
        rig.scene.configure(hurried)
        await until(() => breaker.state === 'half-open')
        const probe = await rig.ask()

        expect([before, ...failed]).toEqual(['ok', 'ECONNREFUSED', 'ECONNREFUSED', 'ECONNREFUSED'])
        expect(new Set(refused)).toEqual(new Set(['SOMON_GUARD_OPEN']))
        expect(whileOpen).toBe(0)
        expect([probe, breaker.state]).toEqual(['ok', 'closed'])
        expect(proxy.stats().accepted - accepted).toBe(1)
        expect(rig.scene.outcomes.filter((outcome) => outcome !== 'open')).toEqual([
          ...['ok', 'failure', 'failure', 'failure', 'ok'],
        ])
      },
    )
  }
})

describe('createSocketEdge() before a server that does not answer dials', () => {
  test.each<[string, number, string, Ask]>([
    ['pg', 50, 'timeout expired', drivers.pg],
    ['ioredis', 50, 'ETIMEDOUT', drivers.ioredis],
    ['redis', 50, 'Connection timeout', drivers.redis],
    // It says nothing to its socket, so that a second has to pass.
    ['mysql2', 1050, 'ETIMEDOUT', drivers.mysql2],
  ])('takes the end that %s makes of it for a timeout', async (_name, timeoutMs, code, ask) => {
    await using server = await freezeServer()
    using rig = guarding({ host: '127.0.0.1', port: server.port }, ask)
    rig.scene.configure(guardSettings())

    const result = await rig.ask(timeoutMs)
    await until(() => rig.scene.outcomes.length > 0)

    expect([result, rig.scene.outcomes]).toEqual([code, ['timeout']])
  })
})

describe('createSocketEdge() before a server process', () => {
  for (const [name, reason, start, ask] of servers) {
    test.skipIf(reason !== undefined)(
      `recovers when ${name} is killed and started again${reason ?? ''}`,
      async () => {
        await using server = await start()
        using rig = guarding(server, ask)
        const { breaker } = rig.scene.guard('db')

        const before = await rig.ask()
        await server.kill()
        const down = await times(4, () => rig.ask())
        await server.revive()
        const refused = await rig.ask()
        rig.scene.configure(hurried)
        await until(() => breaker.state === 'half-open')
        const after = await times(2, () => rig.ask())

        expect(before).toBe('ok')
        expect(down).toEqual([...Array<string>(3).fill('ECONNREFUSED'), 'SOMON_GUARD_OPEN'])
        expect(refused).toBe('SOMON_GUARD_OPEN')
        expect([...after, breaker.state]).toEqual(['ok', 'ok', 'closed'])
      },
    )

    test.skipIf(reason !== undefined)(
      `recovers when ${name} hangs and goes on${reason ?? ''}`,
      async () => {
        await using server = await start()
        using rig = guarding(server, ask)
        const { breaker } = rig.scene.guard('db')

        rig.scene.configure(impatient)
        await server.freeze()
        const down = await times(4, () => rig.ask())
        await server.thaw()
        rig.scene.configure(hurried)
        await until(() => breaker.state === 'half-open')
        const probe = await rig.ask()

        expect(down).toEqual([...Array<string>(3).fill('SOMON_GUARD_TIMEOUT'), 'SOMON_GUARD_OPEN'])
        expect([probe, breaker.state]).toEqual(['ok', 'closed'])
      },
    )
  }

  test.skipIf(noPostgres !== undefined)(
    `sees nothing of a PostgreSQL that takes connections and says nothing${noPostgres ?? ''}`,
    async () => {
      await using server = await startPostgres()
      await using proxy = await createFaultProxy({ upstream: placeOf(server) })
      using rig = guarding(proxy, drivers.pg)

      await proxy.set({ kind: 'blackhole' })
      const silent = await times(4, () => rig.ask(50))

      expect(new Set(silent)).toEqual(new Set(['timeout expired']))
      expect(rig.scene.outcomes).toEqual(['ok', 'ok', 'ok', 'ok'])
    },
  )
})
