import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, get } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { connect, Socket, type LookupFunction } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createHttpEdge } from '../../../src/guard/edges/http.ts'
import { createSocketEdge } from '../../../src/guard/edges/socket.ts'
import { guardSettings } from '../support/settings.ts'
import { until } from '../support/tcp-scene.ts'
import { EdgeScene } from './edge-scene.ts'
import { HttpScene, resultOf as answerOf } from './http-scene.ts'
import { beginSockets, listen, resultOf } from './socket-scene.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'somon-sockets-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Names that no resolver knows. */
const lookupOf =
  (...addresses: string[]): LookupFunction =>
  (_hostname, _options, callback) => {
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    setImmediate(() => callback(null, found))
  }
const several = lookupOf('127.0.0.1', '::1', '127.0.0.2')
const atOnce: LookupFunction = (_hostname, _options, callback) =>
  callback(null, [{ address: '127.0.0.1', family: 4 }])

/** Ways to dial a port, and the host under which it has to be declared. */
const ways: readonly (readonly [string, string, (port: number) => Socket])[] = [
  ['an address', '127.0.0.1', (port) => connect(port, '127.0.0.1')],
  ['a name', 'localhost', (port) => connect(port, 'LocalHost')],
  ['a name, one family', 'localhost', (port) => connect({ port, autoSelectFamily: false })],
  ['several addresses', 'db.test', (port) => connect({ port, host: 'db.test', lookup: several })],
  ['a look-up at once', 'db.test', (port) => connect({ port, host: 'db.test.', lookup: atOnce })],
  [
    'a name for a declared address',
    '127.0.0.1',
    (port) => connect({ port, host: 'db.test', lookup: several }),
  ],
  ['tls', '127.0.0.1', (port) => connectTls({ port, host: '127.0.0.1' })],
]

describe('createSocketEdge() at a declared address', () => {
  test.each(ways)('guards the dial by %s', async (_name, host, begin) => {
    await using server = await listen()
    using rig = beginSockets({ declared: { [`${host}:${server.port}`]: 'db' } })

    const result = await rig.dial(() => begin(server.port))

    expect(result).toBe('connect')
    expect(rig.scene.calls).toMatchObject([{ owner: 'orders', dependency: 'db', outcome: 'ok' }])
    expect(rig.scene.bypassed).toEqual([])
  })

  test.each(ways)(
    'refuses the dial by %s before the server hears of it',
    async (_name, host, begin) => {
      await using server = await listen()
      using rig = beginSockets({ declared: { [`${host}:${server.port}`]: 'db' } })
      rig.scene.guard('db').open()

      const refused = await Promise.all(
        Array.from({ length: 10 }, () => rig.dial(() => begin(server.port))),
      )
      // What was dialled before is accepted before this one.
      const stranger = await resultOf(connect(server.port, '127.0.0.1'))
      await until(() => server.accepted > 0)

      expect(new Set(refused)).toEqual(new Set(['SOMON_GUARD_OPEN']))
      expect([stranger, server.accepted]).toEqual(['connect', 1])
    },
  )

  test('is one call, however many addresses are tried', async () => {
    await using server = await listen()
    using rig = beginSockets({ declared: { [`db.test:${server.port}`]: 'db' } })
    const dial = (port: number, ...addresses: string[]): Promise<string> =>
      rig.dial(() => connect({ port, host: 'db.test', lookup: lookupOf(...addresses) }))

    const second = await dial(server.port, '127.0.0.3', '127.0.0.1')
    const none = await dial(server.port, '127.0.0.3', '127.0.0.4')

    expect([second, none]).toEqual(['connect', 'ECONNREFUSED'])
    expect(rig.scene.outcomes).toEqual(['ok', 'failure'])
  })

  test('knows IPv6 however it is written', async () => {
    await using server = await listen({ host: '::1', port: 0 })
    using rig = beginSockets({ declared: { [`[::1]:${server.port}`]: 'db' } })

    const result = await rig.dial(() => connect(server.port, '0:0:0:0:0:0:0:1'))

    expect([result, rig.scene.outcomes]).toEqual(['connect', ['ok']])
  })

  test('refuses a Unix socket before the server hears of it', async () => {
    const path = join(folder, 'declared.sock')
    await using server = await listen({ path })
    using rig = beginSockets({ declared: { [path]: 'db' } })

    const allowed = await rig.dial(() => connect(path))
    rig.scene.guard('db').open()
    const refused = [
      await rig.dial(() => connect(path)),
      await rig.dial(() => connectTls({ path })),
    ]
    rig.scene.guard('db').close()
    const last = await rig.dial(() => connect(path))

    expect([allowed, ...refused, last]).toEqual([
      'connect',
      'SOMON_GUARD_OPEN',
      'SOMON_GUARD_OPEN',
      'connect',
    ])
    await until(() => server.accepted === 2)
  })

  test('opens after failures, refuses, and closes again by one dial', async () => {
    const server = await listen()
    const open = { baseMs: 30, factor: 1, jitter: 0 }
    const halfOpen = { probes: 1, successes: 1, maxMs: 5000 }
    const settings = guardSettings({ consecutive: 3, open, halfOpen })
    using rig = beginSockets({ settings, declared: { [`127.0.0.1:${server.port}`]: 'db' } })
    const dial = (): Promise<string> => rig.dial(() => connect(server.port, '127.0.0.1'))
    await server[Symbol.asyncDispose]()

    const failed = [await dial(), await dial(), await dial(), await dial()]
    await using revived = await listen({ host: '127.0.0.1', port: server.port })
    await until(() => rig.scene.guard('db').breaker.state === 'half-open')
    const probe = await dial()

    expect(failed).toEqual(['ECONNREFUSED', 'ECONNREFUSED', 'ECONNREFUSED', 'SOMON_GUARD_OPEN'])
    expect([probe, revived.accepted]).toEqual(['connect', 1])
    expect(rig.scene.guard('db').breaker.state).toBe('closed')
    expect(rig.scene.outcomes).toEqual(['failure', 'failure', 'failure', 'open', 'ok'])
  })

  test('counts the end of a dial before its caller learns of it', async () => {
    await using server = await listen()
    const { port } = server
    using rig = beginSockets({ declared: { [`127.0.0.1:${port}`]: 'db', '127.0.0.1:1': 'db' } })
    const seen: string[][] = []
    const begin = (to: number, event: string): Socket => {
      const socket = new Socket()
      socket.once(event, () => seen.push([...rig.scene.outcomes]))
      return socket.connect(to, '127.0.0.1')
    }

    await rig.dial(() => begin(port, 'connect'))
    await rig.dial(() => begin(1, 'error'))

    expect(seen).toEqual([['ok'], ['ok', 'failure']])
  })

  test('leaves who belongs to nobody alone, and everybody once it is gone', async () => {
    await using server = await listen()
    const rig = beginSockets({ declared: { [`127.0.0.1:${server.port}`]: 'db' } })
    rig.scene.guard('db').open()
    const begin = (): Socket => connect(server.port, '127.0.0.1')

    const stranger = await resultOf(begin())
    rig[Symbol.dispose]()
    const late = await rig.dial(begin)

    expect([stranger, late]).toEqual(['connect', 'connect'])
    expect(rig.scene.calls).toEqual([])
  })

  test('lets the dial of a call through the same guard pass', async () => {
    await using server = await listen()
    using rig = beginSockets({ declared: { [`127.0.0.1:${server.port}`]: 'db' } })

    const result = await rig.scene
      .guard('db')
      .call(() => rig.dial(() => connect(server.port, '127.0.0.1')))

    expect([result, rig.scene.outcomes]).toEqual(['connect', ['ok']])
  })

  test('tells once of what cannot act on a dial', async () => {
    await using server = await listen()
    const retry = { max: 2, budget: 0.2, minPerSecond: 1 }
    const rate = { perSecond: 1, burst: 1, waitMs: 50 }
    using rig = beginSockets({
      settings: guardSettings({}, { retry, rate }),
      declared: { [`127.0.0.1:${server.port}`]: 'db' },
    })

    const results = [0, 0, 0].map(() => rig.dial(() => connect(server.port, '127.0.0.1')))

    expect(await Promise.all(results)).toEqual(['connect', 'connect', 'connect'])
    expect(rig.scene.unsupported).toEqual(['db retry socket', 'db rate socket'])
  })

  test('leaves no listener on a connection', async () => {
    await using server = await listen()
    const plain = await counted(connect(server.port, '127.0.0.1'))
    using rig = beginSockets({ declared: { [`127.0.0.1:${server.port}`]: 'db' } })

    const guarded = await counted(rig.scene.as('orders', () => connect(server.port, '127.0.0.1')))

    expect(guarded).toEqual(plain)
  })
})

describe('createSocketEdge() at any other address', () => {
  test('reports what goes out beside the HTTP edges, and lets it go', async () => {
    await using server = await listen()
    using rig = beginSockets()

    const results = [
      await rig.dial(() => connect(server.port, '127.0.0.1')),
      await rig.dial(() =>
        connect({ port: server.port, host: 'db.test', lookup: lookupOf('127.0.0.3', '127.0.0.1') }),
      ),
    ]

    expect(results).toEqual(['connect', 'connect'])
    const target = (host: string): unknown => ({ kind: 'tcp', address: `${host}:${server.port}` })
    expect(rig.scene.bypassed).toEqual([
      { owner: 'orders', target: target('127.0.0.1'), via: 'socket' },
      { owner: 'orders', target: target('db.test'), via: 'socket' },
    ])
    expect(rig.scene.calls).toEqual([])
  })

  test('guards it where the settings ask for that', async () => {
    await using server = await listen()
    using rig = beginSockets({ bypass: 'guard' })
    const dependency = `tcp://127.0.0.1:${server.port}`
    const dial = (): Promise<string> => rig.dial(() => connect(server.port, '127.0.0.1'))

    const first = await dial()
    rig.scene.guard(dependency).open()
    const second = await dial()

    expect([first, second]).toEqual(['connect', 'SOMON_GUARD_OPEN'])
    expect(rig.scene.calls).toMatchObject([
      { dependency, outcome: 'ok' },
      { dependency, outcome: 'open' },
    ])
    expect(server.accepted).toBe(1)
  })

  test('knows the address of a call whatever the name in the dial', async () => {
    await using server = await listen()
    using rig = beginSockets()
    const leave = rig.scene.covered.enter(`http://127.0.0.1:${server.port}`)

    await rig.dial(() => connect({ port: server.port, host: 'db.test', lookup: several }))
    leave()

    expect(rig.scene.bypassed).toEqual([])
  })

  test('sees the session of HTTP/2', async () => {
    await using server = await listen()
    using rig = beginSockets({ bypass: 'guard' })
    rig.scene.guard(`tcp://127.0.0.1:${server.port}`).open()

    const session = rig.scene.as('orders', () => connectHttp2(`http://127.0.0.1:${server.port}`))
    const [error] = await once(session, 'error')

    expect(error).toMatchObject({ code: 'SOMON_GUARD_OPEN' })
    expect(server.accepted).toBe(0)
  })

  test('knows a Unix socket by its path', async () => {
    const path = join(folder, 'other.sock')
    await using server = await listen({ path })
    using rig = beginSockets()

    const leave = rig.scene.covered.enter(path)
    const covered = await rig.dial(() => connect(path))
    leave()
    const bypass = await rig.dial(() => connect(path))

    expect([covered, bypass]).toEqual(['connect', 'connect'])
    expect(rig.scene.bypassed.map(({ target }) => target)).toEqual([{ kind: 'tcp', address: path }])
    await until(() => server.accepted === 2)
  })

  test('takes a dial for a call of the HTTP edge for what it is', async () => {
    await using server = await HttpScene.start()
    const socketPath = join(folder, 'http.sock')
    const local = createServer((_, response) => response.end('local')).listen(socketPath)
    await once(local, 'listening')
    using scene = new EdgeScene({ bypass: 'guard' })
    using stack = new DisposableStack()
    stack.use(createHttpEdge(scene.host, scene.covered).install())
    stack.use(createSocketEdge(scene.host, scene.covered).install())

    const results = [
      await scene.as('orders', () => server.send('/', { agent: false })),
      await scene.as('orders', () => answerOf(get({ socketPath }))),
    ]

    expect(results).toEqual(['200 ok', '200 local'])
    expect(scene).toMatchObject({
      bypassed: [],
      calls: [{ dependency: server.origin }, { dependency: `http+unix://${socketPath}` }],
    })
    local.close()
  })
})

/** The listeners on a connection that has just been made. */
async function counted(socket: Socket): Promise<unknown> {
  await once(socket, 'connect')
  const counts = socket.eventNames().map((name) => [String(name), socket.listenerCount(name)])
  socket.destroy()
  return counts
}
