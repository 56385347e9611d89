import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { Agent, type RequestListener, type RequestOptions } from 'node:http'
import { Agent as SecureAgent } from 'node:https'
import { connect, type Socket } from 'node:net'
import { beforeAll, describe, expect, test } from 'vitest'
import { createHttpEdge } from '../../../src/guard/edges/http.ts'
import { selfSigned, type KeyPair } from '../../support/self-signed.ts'
import { guardSettings } from '../support/settings.ts'
import { until } from '../support/tcp-scene.ts'
import { EdgeScene } from './edge-scene.ts'
import { beginHttp as begin, HttpScene, resultOf } from './http-scene.ts'

const opensAtOnce = guardSettings({ consecutive: 1 })

let tls: KeyPair
beforeAll(async () => {
  tls = await selfSigned()
})

describe('createHttpEdge() with a request of an owner', () => {
  test.each([false, true])('calls it through the guard of its origin; tls: %s', async (secure) => {
    await using rig = await begin({}, {}, secure ? tls : undefined)

    const result = await rig.scene.as('orders', () => rig.server.send('/v1?x=1'))

    expect(result).toBe('200 ok')
    expect(rig.scene.calls).toMatchObject([
      { owner: 'orders', dependency: rig.server.origin, outcome: 'ok' },
    ])
    expect(rig.guard().snapshot()).toMatchObject({ inflight: 0, window: { ok: 1 } })
  })

  test('leaves one without an owner alone, and every one once it is gone', async () => {
    await using rig = await begin()

    const stranger = await rig.server.send('/')
    await rig[Symbol.asyncDispose]()
    await using other = await HttpScene.start()
    const late = await rig.scene.as('orders', () => other.send('/'))

    expect([stranger, late]).toEqual(['200 ok', '200 ok'])
    expect(rig.scene).toMatchObject({ lookups: 0, calls: [] })
  })

  test('lets one pass that the settings ignore, and CONNECT', async () => {
    await using server = await HttpScene.start()
    using scene = new EdgeScene({ ignored: [server.origin] })
    using stack = new DisposableStack()
    stack.use(createHttpEdge(scene.host, scene.covered).install())

    const passed = await scene.as('orders', () => server.send('/'))
    const tunnel = scene.as('orders', () => server.request('/', { method: 'CONNECT' }))
    tunnel.end()
    await resultOf(tunnel)

    expect(passed).toBe('200 ok')
    expect(scene).toMatchObject({ lookups: 1, calls: [] })
    expect(scene.covered.covers(`127.0.0.1:${server.port}`)).toBe(false)
  })

  test('covers its address until the headers come, for who sees the connection alone', async () => {
    const answers: (() => void)[] = []
    await using rig = await begin(
      {},
      { '/': (_, response) => void answers.push(() => response.end()) },
    )
    const address = `127.0.0.1:${rig.server.port}`
    const { covered } = rig.scene

    const sent = rig.scene.as('orders', () => rig.server.send('/'))
    const before = covered.covers(address)
    await until(() => answers.length === 1)
    answers[0]?.()
    await sent

    expect([before, covered.covers(address)]).toEqual([true, false])
  })

  test.each([
    [200, 'ok'],
    [404, 'ok'],
    [429, 'overload'],
    [500, 'failure'],
    [501, 'ok'],
    [503, 'failure'],
    [505, 'ok'],
  ])('judges the status %i as %s', async (status, outcome) => {
    await using rig = await begin(
      {},
      { '/': (_, response) => void response.writeHead(status).end() },
    )

    const result = await rig.scene.as('orders', () => rig.server.send('/'))

    expect(result).toBe(`${status} `)
    expect(rig.scene.outcomes).toEqual([outcome])
  })

  test('takes Retry-After for the time that the circuit stays open', async () => {
    const settings = guardSettings({ consecutive: 1, recoveryMs: 60_000 })
    const busy = { 'retry-after': '20' }
    await using rig = await begin(
      { settings },
      { '/': (_, response) => void response.writeHead(503, busy).end() },
    )

    await rig.scene.as('orders', () => rig.server.send('/'))

    expect(rig.scene.outcomes).toEqual(['overload'])
    expect(rig.guard().snapshot()).toMatchObject({ state: 'open', openMs: 20_000 })
  })

  test('tells once of what cannot act on it', async () => {
    const retry = { max: 2, budget: 0.2, minPerSecond: 1 }
    const rate = { perSecond: 100, burst: 100, waitMs: 50 }
    await using rig = await begin({ settings: guardSettings({}, { retry, rate }) })

    for (let at = 0; at < 3; at += 1) await rig.scene.as('orders', () => rig.server.send('/'))
    rig.scene.configure(guardSettings({}, { retry }))
    await rig.scene.as('orders', () => rig.server.send('/'))

    const { origin } = rig.server
    expect(rig.scene.unsupported).toEqual([`${origin} retry http`, `${origin} rate.waitMs http`])
  })
})

describe('createHttpEdge() on the way back', () => {
  test('admits as many probes as there may be, and closes when they succeed', async () => {
    const open = { baseMs: 20, factor: 1, jitter: 0 }
    const halfOpen = { probes: 1, successes: 2, maxMs: 5000 }
    const settings = guardSettings({ consecutive: 2, open, halfOpen })
    let isDown = true
    const answer: RequestListener = (_, response) =>
      void response.writeHead(isDown ? 500 : 200).end()
    await using rig = await begin({ settings }, { '/': answer })
    const { breaker } = rig.guard()

    const failed = [await rig.send('/'), await rig.send('/')]
    isDown = false
    await until(() => breaker.state === 'half-open')
    const sent = rig.server.requests.length
    const round = await Promise.all(Array.from({ length: 5 }, () => rig.send('/')))
    const state = breaker.state
    const last = await rig.send('/')

    expect([...failed, ...round, last]).toEqual([
      ...['500 ', '500 ', '200 ', ...Array<string>(4).fill('SOMON_GUARD_OPEN'), '200 '],
    ])
    expect(rig.server.requests.length - sent).toBe(2)
    expect([state, breaker.state]).toEqual(['half-open', 'closed'])
  })
})

describe('createHttpEdge() refusing a request', () => {
  const cases = [false, true].flatMap((secure) =>
    Object.entries(kinds(secure)).map(([name, make]) => ({ name, secure, make })),
  )

  test.each(cases)(
    'opens no connection and tells the code at once; agent: $name, tls: $secure',
    async ({ secure, make }) => {
      await using rig = await begin({ settings: opensAtOnce }, {}, secure ? tls : undefined)
      using kind = make()
      rig.guard().open()

      const refused = await rig.scene.as('orders', () =>
        Promise.all(Array.from({ length: 20 }, () => rig.server.send('/', kind))),
      )

      // What was dialled before is accepted before this one.
      const stranger = await rig.server.send('/', { agent: false })

      expect(new Set(refused)).toEqual(new Set(['SOMON_GUARD_OPEN']))
      expect(stranger).toBe('200 ok')
      expect(rig.server.sockets).toHaveLength(1)
      expect(rig.scene.outcomes).toHaveLength(20)
      expect(rig.scene.covered.covers(`127.0.0.1:${rig.server.port}`)).toBe(false)
    },
  )

  test('leaves an idle connection of the agent in its pool', async () => {
    await using rig = await begin()
    using agent = disposable(new Agent({ keepAlive: true }))
    const send = () => rig.scene.as('orders', () => rig.server.send('/', { agent }))

    const first = await send()
    rig.guard().open()
    const second = await send()
    rig.guard().close()
    const third = await send()

    expect([first, second, third]).toEqual(['200 ok', 'SOMON_GUARD_OPEN', '200 ok'])
    expect(rig.server.sockets).toHaveLength(1)
  })

  test('does not let it wait for a socket, and gives its turn to the next one', async () => {
    const answers: (() => void)[] = []
    await using rig = await begin(
      {},
      { '/': (_, response) => void answers.push(() => response.end()) },
    )
    using agent = disposable(new Agent({ keepAlive: true, maxSockets: 1 }))
    const send = (owner: string) => rig.scene.as(owner, () => rig.server.send('/', { agent }))

    const running = send('orders')
    await until(() => answers.length === 1)
    rig.guard().open()
    const refused = await send('orders')
    const neighbour = send('stock')
    const isStillRunning = answers.length === 1
    answers[0]?.()
    await until(() => answers.length === 2)
    answers[1]?.()

    expect(refused).toBe('SOMON_GUARD_OPEN')
    expect(isStillRunning).toBe(true)
    expect(await Promise.all([running, neighbour])).toEqual(['200 ', '200 '])
    expect(Object.keys(agent.requests)).toEqual([])
    expect(rig.server.sockets).toHaveLength(1)
  })

  test('does not wait for an agent that makes its sockets later', async () => {
    await using rig = await begin()
    const made = Promise.withResolvers<() => Socket>()
    class SlowAgent extends Agent {
      override createConnection(...[options, callback]: Parameters<Agent['createConnection']>) {
        const { host, port } = options as { host: string; port: number }
        made.resolve(() => {
          const socket = connect(port, host)
          callback?.(null, socket)
          return socket
        })
        return undefined
      }
    }
    using agent = disposable(new SlowAgent())
    rig.guard().open()

    const refused = await rig.scene.as('orders', () => rig.server.send('/', { agent }))
    const late = (await made.promise)()

    expect(refused).toBe('SOMON_GUARD_OPEN')
    expect(late.destroyed).toBe(true)
  })

  test('leaves the socket of a stranger alone that was dialled just before', async () => {
    await using rig = await begin()
    using agent = disposable(new Agent({ keepAlive: true }))
    await rig.send('/', { agent })
    rig.guard().open()

    const { stranger, refused } = rig.scene.as('orders', () => ({
      stranger: connect(rig.server.port, '127.0.0.1'),
      refused: rig.server.send('/', { agent }),
    }))
    await once(stranger, 'connect')

    expect(await refused).toBe('SOMON_GUARD_OPEN')
    stranger.destroy()
  })

  test('finds the socket of a request on a Node that does not say whose it is', async () => {
    let dialled: Socket | undefined
    const onDial = (message: unknown): void => {
      dialled = (message as { socket: Socket }).socket
    }
    const onCreated = (): void => {
      if (dialled === undefined) return
      Reflect.deleteProperty(dialled, '_httpMessage')
      dialled.removeAllListeners('error')
    }
    subscribe('net.client.socket', onDial)
    subscribe('http.client.request.created', onCreated)
    await using rig = await begin()
    using agent = disposable(new Agent({ maxSockets: 1 }))
    rig.guard().open()

    const refused = await Promise.all([rig.send('/', { agent }), rig.send('/', { agent })])
    unsubscribe('net.client.socket', onDial)
    unsubscribe('http.client.request.created', onCreated)
    await rig.server.send('/', { agent: false })

    expect(refused).toEqual(['SOMON_GUARD_OPEN', 'SOMON_GUARD_OPEN'])
    expect(rig.server.sockets).toHaveLength(1)
  })

  test('does not hide that nobody listens for errors', async () => {
    await using rig = await begin()
    rig.guard().open()
    const request = rig.scene.as('orders', () => rig.server.request('/'))

    expect(request.listenerCount('error')).toBe(0)
    expect(await resultOf(request)).toBe('SOMON_GUARD_OPEN')
  })

  test('holds no more than the bulkhead admits, and does not queue', async () => {
    const bulkhead = { mode: 'fixed', max: 2, queue: 128, queueTimeoutMs: 500 } as const
    await using rig = await begin({ settings: guardSettings({}, { bulkhead }) })

    const results = await rig.scene.as('orders', () =>
      Promise.all(Array.from({ length: 5 }, () => rig.server.send('/'))),
    )

    expect(results.toSorted()).toEqual(['200 ok', '200 ok', ...Array(3).fill('SOMON_GUARD_FULL')])
    expect(rig.server.requests).toHaveLength(2)
  })
})

function disposable<T extends { destroy(): void }>(agent: T): T & Disposable {
  return Object.assign(agent, { [Symbol.dispose]: () => agent.destroy() })
}

/** Agents by name, each made for one test. */
function kinds(secure: boolean): Record<string, () => RequestOptions & Disposable> {
  const Kind = secure ? SecureAgent : Agent
  const own = (options: ConstructorParameters<typeof Agent>[0]) => () => {
    const agent = new Kind(options)
    return { agent, [Symbol.dispose]: () => agent.destroy() }
  }
  return {
    global: () => ({ [Symbol.dispose]: () => {} }),
    none: () => ({ agent: false, [Symbol.dispose]: () => {} }),
    'keep-alive': own({ keepAlive: true }),
    'one socket': own({ keepAlive: true, maxSockets: 1 }),
    closing: own({ keepAlive: false }),
  }
}
