import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { createFaultProxy, type Fault, type FaultProxy } from '../../src/testing.ts'
import { FakeClock } from '../support/fake-clock.ts'
import {
  addressOf,
  createTcpScene,
  echo,
  onceError,
  serveHttp,
  TcpClient,
  turns,
  until,
} from './support/tcp-scene.ts'

const run = promisify(execFile)
const faults: readonly Fault[] = [
  { kind: 'latency', ms: 20 },
  { kind: 'bandwidth', bytesPerSecond: 100_000 },
  { kind: 'reset' },
  { kind: 'cut' },
  { kind: 'slow-close', ms: 20 },
  { kind: 'blackhole' },
  { kind: 'refuse' },
]

describe('createFaultProxy()', () => {
  test('hands on bytes and ends of both directions unchanged', async () => {
    await using scene = await createTcpScene(echo)
    await using client = new TcpClient(scene.proxy)
    const sent = Buffer.alloc(3_000_000, 'somon ')

    client.socket.end(sent)
    await client.closed()

    expect(client.bytes.equals(sent)).toBe(true)
    expect(client.seen).toEqual(['connect', 'data', 'end', 'close'])
    expect(scene.proxy.stats()).toMatchObject({
      ...{ accepted: 1, refused: 0, heldBytes: 0 },
      ...{ bytesToUpstream: sent.length, bytesToClient: sent.length },
    })
  })

  test('lets either side end its half and go on reading', async () => {
    await using scene = await createTcpScene((socket) => {
      socket.end('first')
      socket.on('data', () => {})
    })
    await using client = new TcpClient(scene.proxy)

    await client.ended()
    client.socket.end('still read')
    const [served] = scene.served
    if (served?.readableEnded === false) await once(served, 'end')

    expect(client.text).toBe('first')
    expect(served?.bytesRead).toBe('still read'.length)
  })

  test('stands before a real HTTP server with connections that are kept', async () => {
    await using http = await serveHttp((incoming, response) => incoming.pipe(response))
    await using proxy = await createFaultProxy({ upstream: addressOf(http.server) })

    const answers = await Promise.all(
      ['a', 'b', 'c'].map(async (body) => {
        const response = await fetch(`http://127.0.0.1:${proxy.port}`, { method: 'POST', body })
        return response.text()
      }),
    )

    expect(answers).toEqual(['a', 'b', 'c'])
    expect(proxy.stats().accepted).toBeGreaterThan(0)
  })

  test('resets the client of an upstream that refuses, and goes on', async () => {
    await using scene = await createTcpScene(echo)
    scene.server.close()
    await once(scene.server, 'close')
    await using first = new TcpClient(scene.proxy)
    await using second = new TcpClient(scene.proxy)

    await Promise.all([first.closed(), second.closed()])

    expect(first.seen.slice(-2)).toEqual(['ECONNRESET', 'close'])
    expect(second.seen.slice(-2)).toEqual(['ECONNRESET', 'close'])
    expect(scene.proxy.stats()).toMatchObject({ accepted: 2, refused: 2 })
  })

  test('hands on resets in both directions, and other connections go on', async () => {
    await using scene = await createTcpScene(echo)
    await using bystander = new TcpClient(scene.proxy)
    await using fromServer = new TcpClient(scene.proxy)
    await using fromClient = new TcpClient(scene.proxy)
    for (const client of [bystander, fromServer, fromClient]) {
      client.socket.write('x')
      await client.received(1)
    }
    const [, second, third] = scene.served
    const thirdError = onceError(third)

    second?.resetAndDestroy()
    fromClient.socket.resetAndDestroy()
    await fromServer.closed()
    bystander.socket.write('y')
    await bystander.received(2)

    expect(fromServer.seen).toEqual(['connect', 'data', 'ECONNRESET', 'close'])
    expect(await thirdError).toBe('ECONNRESET')
    expect(bystander.text).toBe('xy')
    expect(scene.proxy.stats().refused).toBe(0)
  })
})

describe('FaultProxy.set()', () => {
  test('latency delays bytes by at least its ms, in the direction it names', async () => {
    const clock = new FakeClock()
    await using scene = await createTcpScene(echo, { clock })
    await scene.proxy.set({ kind: 'latency', ms: 100, direction: 'to-client' })
    await using client = new TcpClient(scene.proxy)

    client.socket.write('hello')
    await until(() => scene.served[0]?.bytesRead === 5 && clock.pending === 1)
    await clock.advance(99)
    await turns(20)
    const early = client.text
    await clock.advance(1)
    await client.received(5)

    expect(early).toBe('')
    expect(client.text).toBe('hello')
    expect(scene.proxy.stats().faultsApplied.latency).toBe(1)
  })

  test('latency adds up to jitterMs and never changes the order', async () => {
    const clock = new FakeClock()
    const randoms = [1, 0]
    await using scene = await createTcpScene(echo, { clock, random: () => randoms.shift() ?? 0 })
    await scene.proxy.set({ kind: 'latency', ms: 10, jitterMs: 30, direction: 'to-upstream' })
    await using client = new TcpClient(scene.proxy)

    client.socket.write('first ')
    await until(() => scene.proxy.stats().heldBytes === 6)
    client.socket.write('second')
    await until(() => scene.proxy.stats().heldBytes === 12)
    await clock.advance(39)
    const early = scene.proxy.stats().bytesToUpstream
    await clock.advance(1)
    await client.received(12)

    expect(early).toBe(0)
    expect(client.text).toBe('first second')
  })

  test('latency holds with the real clock, both ways', async () => {
    await using scene = await createTcpScene(echo)
    await scene.proxy.set({ kind: 'latency', ms: 30 })
    await using client = new TcpClient(scene.proxy)
    await once(client.socket, 'connect')

    const start = performance.now()
    client.socket.write('x')
    await client.received(1)

    expect(performance.now() - start).toBeGreaterThanOrEqual(60)
  })

  test('bandwidth lets bytes through evenly and at no more than its rate', async () => {
    const clock = new FakeClock()
    await using scene = await createTcpScene((socket) => socket.write(Buffer.alloc(1000)), {
      clock,
    })
    await scene.proxy.set({ kind: 'bandwidth', bytesPerSecond: 1000, direction: 'to-client' })
    await using client = new TcpClient(scene.proxy)
    await until(() => clock.pending === 1)

    const passed: number[] = []
    for (let part = 0; part < 4; part += 1) {
      passed.push(scene.proxy.stats().bytesToClient)
      await clock.advance(250)
    }
    await client.received(1000)

    expect(passed).toEqual([20, 260, 520, 760].map((bytes) => expect.closeTo(bytes, -2)))
    expect(clock.elapsed()).toBe(1000)
    expect(scene.proxy.stats().faultsApplied.bandwidth).toBe(1)
  })

  test('reset lets afterBytes through to the client, then resets both sides', async () => {
    await using scene = await createTcpScene((socket) => {
      socket.on('data', () => {
        if (socket.bytesRead === 5000) socket.write(Buffer.alloc(5000, 'r'))
      })
    })
    await scene.proxy.set({ kind: 'reset', afterBytes: 1234 })
    await using client = new TcpClient(scene.proxy)
    client.socket.write(Buffer.alloc(5000))

    await client.closed()

    expect(client.seen).toEqual(['connect', 'data', 'ECONNRESET', 'close'])
    expect(client.bytes.length).toBe(1234)
    expect(scene.proxy.stats()).toMatchObject({ bytesToClient: 1234, faultsApplied: { reset: 1 } })
  })

  test('cut lets afterBytes through to the client, then ends both sides', async () => {
    await using scene = await createTcpScene((socket) => socket.write(Buffer.alloc(5000, 'c')))
    await scene.proxy.set({ kind: 'cut', afterBytes: 1234 })
    await using client = new TcpClient(scene.proxy)

    await client.ended()
    const [served] = scene.served
    served?.resume()
    if (served?.readableEnded === false) await once(served, 'end')

    expect(client.seen).toEqual(['connect', 'data', 'end'])
    expect(client.bytes.length).toBe(1234)
    expect(scene.proxy.stats().faultsApplied.cut).toBe(1)
  })

  test('cut makes an HTTP client see a response that is too short', async () => {
    await using http = await serveHttp((_incoming, response) => {
      response.end('x'.repeat(10_000))
    })
    await using proxy = await createFaultProxy({ upstream: addressOf(http.server) })
    await proxy.set({ kind: 'cut', afterBytes: 2000 })

    const sent = get({ host: proxy.host, port: proxy.port, agent: false })
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    const error = await onceError(response.resume())

    expect(error).toBe('ECONNRESET')
    expect(response.complete).toBe(false)
  })

  test('reset and cut of 0 bytes end connections without reaching the upstream', async () => {
    await using scene = await createTcpScene(echo)
    await scene.proxy.set({ kind: 'reset' })
    await using first = new TcpClient(scene.proxy)
    await first.closed()
    await scene.proxy.set({ kind: 'cut', afterBytes: 0 })
    await using second = new TcpClient(scene.proxy)
    await second.ended()
    second.socket.end('nobody reads this')
    await second.closed()
    await until(() => scene.proxy.stats().open === 0)

    // A reset may come before the client knows that it is connected.
    expect(first.seen.slice(-2)).toEqual(['ECONNRESET', 'close'])
    expect(second.seen).toEqual(['connect', 'end', 'close'])
    expect(scene.served).toEqual([])
  })

  test('slow-close hands on the end later, but bytes at once', async () => {
    const clock = new FakeClock()
    await using scene = await createTcpScene((socket) => socket.end('bye'), { clock })
    await scene.proxy.set({ kind: 'slow-close', ms: 5000 })
    await using client = new TcpClient(scene.proxy)

    await client.received(3)
    await until(() => clock.pending === 1)
    await clock.advance(4999)
    await turns(20)
    const early = [...client.seen]
    await clock.advance(1)
    await client.ended()

    expect(early).toEqual(['connect', 'data'])
    expect(scene.proxy.stats().faultsApplied['slow-close']).toBe(1)
  })

  test('blackhole accepts, swallows and never answers; its connections stay lost', async () => {
    await using scene = await createTcpScene(echo)
    await scene.proxy.set({ kind: 'blackhole' })
    await using client = new TcpClient(scene.proxy)
    const large = Buffer.alloc(8_000_000)

    await new Promise((resolve) => client.socket.write(large, resolve))
    await scene.proxy.heal()
    await using healthy = new TcpClient(scene.proxy)
    healthy.socket.write('x')
    await healthy.received(1)

    expect(client.seen).toEqual(['connect'])
    expect(scene.served).toHaveLength(1)
    expect(scene.proxy.stats()).toMatchObject({ open: 2, faultsApplied: { blackhole: 1 } })
    client.socket.end()
    await client.closed()
    expect(client.seen).toEqual(['connect', 'end', 'close'])
  })

  test('blackhole silences running connections; one that lost nothing goes on', async () => {
    await using scene = await createTcpScene(echo)
    await using idle = new TcpClient(scene.proxy)
    await using busy = new TcpClient(scene.proxy)
    for (const client of [idle, busy]) client.socket.write('1')
    await Promise.all([idle.received(1), busy.received(1)])

    await scene.proxy.set({ kind: 'blackhole' })
    busy.socket.write('lost')
    await until(() => scene.proxy.stats().faultsApplied.blackhole === 1)
    await scene.proxy.heal()
    busy.socket.write('2')
    idle.socket.write('2')
    await idle.received(2)
    await turns(20)

    expect(idle.text).toBe('12')
    expect(busy.text).toBe('1')
  })

  test('blackhole swallows what another fault held; a full connection takes more again', async () => {
    const clock = new FakeClock()
    await using scene = await createTcpScene(echo, { clock })
    await scene.proxy.set({ kind: 'latency', ms: 1000 })
    await using client = new TcpClient(scene.proxy)
    const taken = new Promise((resolve) => client.socket.write(Buffer.alloc(16_000_000), resolve))
    await until(() => scene.proxy.stats().heldBytes >= 2 ** 20)

    await scene.proxy.set({ kind: 'blackhole' })
    await taken
    await scene.proxy.heal()
    client.socket.write('later')
    await turns(20)

    expect(scene.proxy.stats()).toMatchObject({ heldBytes: 0, bytesToUpstream: 0, open: 1 })
    expect(clock.pending).toBe(0)
  })

  test('blackhole loses a connection of which it swallowed nothing but held bytes', async () => {
    await using scene = await createTcpScene(echo, { clock: new FakeClock() })
    await scene.proxy.set({ kind: 'latency', ms: 1000 })
    await using client = new TcpClient(scene.proxy)
    client.socket.write('held')
    await until(() => scene.proxy.stats().heldBytes === 4)

    await scene.proxy.set({ kind: 'blackhole' })

    expect(scene.proxy.stats()).toMatchObject({ heldBytes: 0, faultsApplied: { blackhole: 1 } })
  })

  test('blackhole ends a connection whose client has ended or ends', async () => {
    const clock = new FakeClock()
    await using scene = await createTcpScene(echo, { clock })
    await using before = new TcpClient(scene.proxy)
    await using during = new TcpClient(scene.proxy)
    for (const client of [before, during]) {
      client.socket.write('x')
      await client.received(1)
    }
    await scene.proxy.set({ kind: 'latency', ms: 1000 })
    before.socket.end()
    await until(() => clock.pending === 1)

    await scene.proxy.set({ kind: 'blackhole' })
    await before.closed()
    during.socket.end()
    await during.closed()

    expect(scene.proxy.stats().faultsApplied.blackhole).toBe(2)
  })

  test('blackhole hides that the upstream has ended', async () => {
    await using scene = await createTcpScene(echo)
    await using client = new TcpClient(scene.proxy)
    client.socket.write('x')
    await client.received(1)

    await scene.proxy.set({ kind: 'blackhole' })
    scene.served[0]?.end()
    await until(() => scene.proxy.stats().faultsApplied.blackhole === 1)
    await scene.proxy.heal()
    await turns(20)

    expect(client.seen).toEqual(['connect', 'data'])
  })

  test('refuse makes the port refuse; running connections go on; heal() opens it again', async () => {
    await using scene = await createTcpScene(echo)
    const { port } = scene.proxy
    await using running = new TcpClient(scene.proxy)
    running.socket.write('1')
    await running.received(1)

    await scene.proxy.set({ kind: 'refuse' })
    await using refused = new TcpClient(scene.proxy)
    await refused.closed()
    running.socket.write('2')
    await running.received(2)
    await scene.proxy.heal()
    await using healed = new TcpClient({ host: '127.0.0.1', port })
    healed.socket.write('3')
    await healed.received(1)

    expect(refused.seen).toEqual(['ECONNREFUSED', 'close'])
    expect(running.text).toBe('12')
    expect(healed.text).toBe('3')
    expect(scene.proxy.port).toBe(port)
    expect(scene.proxy.stats()).toMatchObject({ accepted: 2, faultsApplied: { refuse: 1 } })
  })

  test.runIf(process.platform === 'linux')('refuse keeps the port taken', async () => {
    await using scene = await createTcpScene(echo)
    await scene.proxy.set({ kind: 'refuse' })
    await scene.proxy.set({ kind: 'refuse' })

    const table = readFileSync('/proc/self/net/tcp', 'utf8')
    const port = scene.proxy.port.toString(16).toUpperCase().padStart(4, '0')
    const states = [...table.matchAll(new RegExp(`^ *\\d+: \\w+:${port} \\S+ (\\w\\w)`, 'gm'))]

    // 01 is an established connection, 0A would be a listener.
    expect(states.map(([, state]) => state)).toEqual(['01'])
    expect(scene.proxy.stats()).toMatchObject({ accepted: 0, faultsApplied: { refuse: 1 } })
  })

  test('puts changes in force in the order in which they were asked for', async () => {
    await using scene = await createTcpScene(echo)

    await Promise.all([
      ...Array.from({ length: 10 }, () => [
        scene.proxy.set({ kind: 'refuse' }),
        scene.proxy.heal(),
      ]).flat(),
      scene.proxy.set({ kind: 'refuse' }),
    ])
    await using client = new TcpClient(scene.proxy)
    await client.closed()

    expect(client.seen).toEqual(['ECONNREFUSED', 'close'])
    expect(scene.proxy.stats().faultsApplied.refuse).toBe(11)
  })
})

describe('FaultProxy.heal()', () => {
  test.each<Fault>([
    { kind: 'latency', ms: 60_000 },
    { kind: 'bandwidth', bytesPerSecond: 1, direction: 'to-client' },
  ])('lets go at once what $kind held back', async (fault) => {
    const clock = new FakeClock()
    await using scene = await createTcpScene(echo, { clock })
    await scene.proxy.set(fault)
    await using client = new TcpClient(scene.proxy)
    client.socket.write('held')
    await until(() => clock.pending === 1)

    await scene.proxy.heal()
    await client.received(4)

    expect(client.text).toBe('held')
    expect(clock.pending).toBe(0)
    expect(clock.elapsed()).toBe(0)
  })

  test.each(faults)('after $kind new connections work', async (fault) => {
    await using scene = await createTcpScene(echo)
    await scene.proxy.set(fault)

    await scene.proxy.heal()
    await using client = new TcpClient(scene.proxy)
    client.socket.end('well')
    await client.closed()

    expect(client.text).toBe('well')
    expect(client.seen).toEqual(['connect', 'data', 'end', 'close'])
  })
})

describe('FaultProxy.cut()', () => {
  test('ends running connections and leaves the fault as it is', async () => {
    await using scene = await createTcpScene(echo)
    await using first = new TcpClient(scene.proxy)
    first.socket.write('1')
    await first.received(1)

    scene.proxy.cut()
    first.socket.end()
    await first.closed()
    await using second = new TcpClient(scene.proxy)
    second.socket.write('2')
    await second.received(1)

    expect(first.seen).toEqual(['connect', 'data', 'end', 'close'])
    expect(second.text).toBe('2')
  })

  test('throws away what a client sends afterwards', async () => {
    await using scene = await createTcpScene(echo)
    await using client = new TcpClient(scene.proxy)
    client.socket.write('x')
    await client.received(1)

    scene.proxy.cut()
    await new Promise((resolve) => client.socket.write(Buffer.alloc(16_000_000), resolve))
    await turns(20)

    expect(scene.proxy.stats()).toMatchObject({ open: 1, heldBytes: 0, bytesToUpstream: 1 })
  })
})

describe('FaultProxy[Symbol.asyncDispose]()', () => {
  test.each([
    ['cut()', async (proxy: FaultProxy) => proxy.cut()],
    ['a reset', (proxy: FaultProxy) => proxy.set({ kind: 'reset' })],
    ['dispose', (proxy: FaultProxy) => proxy[Symbol.asyncDispose]()],
    ['an error of the client', async () => {}],
  ])('%s drops what is held, its timer, and what still comes', async (what, act) => {
    const clock = new FakeClock()
    await using scene = await createTcpScene(echo, { clock })
    await scene.proxy.set({ kind: 'latency', ms: 1000 })
    await using client = new TcpClient(scene.proxy)
    client.socket.write('held')
    await until(() => clock.pending === 1)

    await act(scene.proxy)
    if (what.includes('client')) client.socket.resetAndDestroy()
    client.socket.end(Buffer.alloc(100_000))
    await client.closed()
    await until(() => clock.pending === 0)
    await turns(20)

    expect(scene.proxy.stats()).toMatchObject({ heldBytes: 0, bytesToUpstream: 0 })
    expect(clock.pending).toBe(0)
  })

  test('comes to its end when a reset meets a connection that is just ending', async () => {
    await using scene = await createTcpScene(echo)
    await using client = new TcpClient(scene.proxy)
    client.socket.write('x')
    await client.received(1)

    scene.proxy.cut()
    await scene.proxy.set({ kind: 'reset' })
    await scene.proxy[Symbol.asyncDispose]()

    expect(scene.proxy.stats().open).toBe(0)
  })

  test('closes a port that is being opened', async () => {
    await using scene = await createTcpScene(echo)
    await scene.proxy.set({ kind: 'refuse' })

    const healing = scene.proxy.heal()
    await Promise.resolve()
    await scene.proxy[Symbol.asyncDispose]()
    await healing.catch(() => {})
    await using client = new TcpClient(scene.proxy)
    await client.closed()

    expect(client.seen).toEqual(['ECONNREFUSED', 'close'])
  })

  test('leaves no socket, listener or timer under any fault', async () => {
    const program = join(import.meta.dirname, 'support/dispose-program.ts')
    const given = JSON.stringify([null, ...faults])

    const args = ['--conditions=somon-source', program, given]
    const { stdout } = await run(process.execPath, args, { timeout: 20_000 })
    const left = JSON.parse(stdout) as Readonly<Record<string, unknown>>

    expect(Object.keys(left)).toEqual(['none', ...faults.map(({ kind }) => kind)])
    expect(new Set(Object.values(left).map((value) => JSON.stringify(value)))).toEqual(
      new Set(['{"open":0,"resources":[]}']),
    )
  })

  test('makes later changes fail', async () => {
    const scene = await createTcpScene(echo)
    await scene[Symbol.asyncDispose]()

    const change = scene.proxy.heal()

    await expect(change).rejects.toMatchObject({ code: 'SOMON_GUARD_PROXY_ENDED' })
  })
})
