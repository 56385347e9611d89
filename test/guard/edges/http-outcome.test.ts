import { once } from 'node:events'
import {
  Agent,
  get,
  type IncomingMessage,
  type RequestListener,
  type RequestOptions,
} from 'node:http'
import { connect, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { selfSigned, type KeyPair } from '../../support/self-signed.ts'
import { guardSettings } from '../support/settings.ts'
import { until } from '../support/tcp-scene.ts'
import { beginHttp, resultOf, type HttpRig } from './http-scene.ts'

const hang: RequestListener = () => {}
const beginBody: RequestListener = (_, response) => {
  response.writeHead(200, { 'content-length': 100 }).write('x')
}
const impatient = guardSettings({}, { timeoutMs: 250 })

let tls: KeyPair
beforeAll(async () => {
  tls = await selfSigned()
})

/** The response to a request whose body is still to come. */
async function headersOf(
  rig: HttpRig,
  path: string,
  options: RequestOptions = {},
): Promise<IncomingMessage> {
  const request = rig.scene.as('orders', () => rig.server.request(path, options))
  request.on('error', () => {})
  request.end()
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  response.on('error', () => {})
  return response
}

describe('createHttpEdge() at the timeout of the guard', () => {
  test.each([false, true])(
    'ends the request, and its connection alone; tls: %s',
    async (isSecure) => {
      await using rig = await beginHttp(
        { settings: impatient },
        { '/hang': hang, '/slow': hang },
        isSecure ? tls : undefined,
      )
      const neighbour = rig.server.request('/slow')
      neighbour.on('error', () => {})
      neighbour.end()
      await until(() => rig.server.requests.length === 1)

      const result = await rig.send('/hang')
      await until(() => rig.server.openSockets === 1)

      expect(result).toBe('SOMON_GUARD_TIMEOUT')
      expect(rig.scene.outcomes).toEqual(['timeout'])
      expect(neighbour.destroyed).toBe(false)
      expect(rig.guard().snapshot()).toMatchObject({ inflight: 0, window: { timeout: 1 } })
      neighbour.destroy()
    },
  )

  test('ends one that waits for a socket of its agent', async () => {
    await using rig = await beginHttp({ settings: impatient }, { '/hang': hang })
    const agent = new Agent({ maxSockets: 1 })
    const stranger = rig.server.request('/hang', { agent })
    stranger.on('error', () => {})
    stranger.end()
    await until(() => rig.server.requests.length === 1)

    const result = await rig.send('/', { agent })

    expect(result).toBe('SOMON_GUARD_TIMEOUT')
    expect(rig.server.requests).toEqual(['GET /hang'])
    agent.destroy()
  })

  test('is over once the headers have come', async () => {
    await using rig = await beginHttp({ settings: impatient }, { '/': beginBody, '/hang': hang })
    const response = await headersOf(rig, '/')
    response.resume()

    // It begins later and waits as long.
    const later = await rig.send('/hang')
    for (const socket of rig.server.sockets) socket.write('y'.repeat(99))
    await once(response, 'end')

    expect(later).toBe('SOMON_GUARD_TIMEOUT')
    expect(response.complete).toBe(true)
    expect(rig.scene.outcomes).toEqual(['ok', 'timeout'])
  })
})

describe('createHttpEdge() with a request that fails', () => {
  test('blames the server for a port that nobody listens on', async () => {
    await using rig = await beginHttp()
    const { origin, port } = rig.server
    await rig.server[Symbol.asyncDispose]()

    const request = rig.scene.as('orders', () => get({ host: '127.0.0.1', port }))
    const result = await resultOf(request)

    expect(result).toBe('ECONNREFUSED')
    expect(rig.scene.calls).toMatchObject([{ dependency: origin, outcome: 'failure' }])
  })

  test.each<[string, (socket: Socket) => void, string]>([
    ['a reset', (socket) => socket.resetAndDestroy(), 'ECONNRESET'],
    ['an end', (socket) => void socket.end(), 'ECONNRESET'],
    ['rubbish', (socket) => void socket.end('rubbish\r\n\r\n'), 'HPE_INVALID_CONSTANT'],
  ])('blames the server for %s before the headers', async (_name, act, code) => {
    await using rig = await beginHttp({}, { '/': ({ socket }) => act(socket) })

    const result = await rig.send('/')

    expect(result).toBe(code)
    expect(rig.scene.outcomes).toEqual(['failure'])
    expect(rig.guard().snapshot().lastFailure).toMatchObject({ code })
  })

  test('blames nobody for a caller who goes away', async () => {
    await using rig = await beginHttp({}, { '/': hang })
    const begin = () => {
      const request = rig.scene.as('orders', () => rig.server.request('/', { agent: false }))
      request.end()
      return { request, result: resultOf(request) }
    }
    const [quiet, loud, aborted] = [begin(), begin(), begin()]
    await until(() => rig.server.requests.length === 3)

    quiet.request.destroy()
    loud.request.destroy(new Error('mine'))
    aborted.request.abort()
    await Promise.all([quiet.result, loud.result, aborted.result])
    const controller = new AbortController()
    const signalled = rig.send('/', { signal: controller.signal })
    await until(() => rig.server.requests.length === 4)
    controller.abort(new Error('enough'))
    await signalled

    expect(rig.scene.outcomes).toEqual(['ignored', 'ignored', 'ignored', 'ignored'])
    expect(rig.guard().snapshot()).toMatchObject({
      inflight: 0,
      window: { failure: 0, timeout: 0 },
    })
  })

  test('takes a timeout of the caller for one', async () => {
    await using rig = await beginHttp({}, { '/': hang })
    const byEvent = rig.scene.as('orders', () => rig.server.request('/', { timeout: 40 }))
    byEvent.on('timeout', () => byEvent.destroy(new Error('mine')))
    byEvent.end()

    const results = [
      await resultOf(byEvent),
      await rig.send('/', { signal: AbortSignal.timeout(40) }),
    ]

    expect(results).toEqual(['mine', 'ABORT_ERR'])
    expect(rig.scene.outcomes).toEqual(['timeout', 'timeout'])
  })
})

describe('createHttpEdge() after the headers', () => {
  test.each<[string, (socket: Socket) => void]>([
    ['a reset', (socket) => socket.resetAndDestroy()],
    ['an end', (socket) => void socket.end()],
  ])('counts %s of the server as a failure of its own', async (_name, act) => {
    await using rig = await beginHttp({}, { '/': beginBody })
    const response = await headersOf(rig, '/')

    response.resume()
    for (const socket of rig.server.sockets) act(socket)
    await until(() => response.closed)

    expect(rig.scene.outcomes).toEqual(['ok', 'failure'])
  })

  test('counts a body that cannot be parsed', async () => {
    const headers = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n'
    await using rig = await beginHttp({}, { '/': ({ socket }) => void socket.write(headers) })
    const response = await headersOf(rig, '/')

    response.resume()
    for (const socket of rig.server.sockets) socket.write('no size\r\n')
    await until(() => response.closed)

    expect(rig.scene.outcomes).toEqual(['ok', 'failure'])
  })

  test.each<[string, (response: IncomingMessage) => void]>([
    ['response.destroy()', (response) => void response.destroy()],
    ['response.destroy(error)', (response) => void response.destroy(new Error('mine'))],
    ['request.destroy()', (response) => void reqOf(response).destroy()],
    ['request.destroy(error)', (response) => void reqOf(response).destroy(new Error('mine'))],
    ['socket.destroy()', ({ socket }) => void socket.destroy()],
  ])('blames nobody for %s of the caller', async (_name, act) => {
    await using rig = await beginHttp({}, { '/': beginBody })
    const response = await headersOf(rig, '/')

    response.resume()
    act(response)
    await until(() => response.closed)

    expect(rig.scene.outcomes).toEqual(['ok'])
  })

  test('ends a body that is silent for bodyIdleMs, and counts it', async () => {
    await using rig = await beginHttp(
      { settings: guardSettings({}, { bodyIdleMs: 40 }) },
      { '/': beginBody },
    )
    const response = await headersOf(rig, '/')
    const failed = once(response, 'error')

    response.resume()
    const [error] = await failed
    await until(() => rig.server.openSockets === 0)

    expect(error).toMatchObject({ code: 'SOMON_GUARD_TIMEOUT' })
    expect(rig.scene.outcomes).toEqual(['ok', 'timeout'])
  })

  test('ends the silent body of a bad answer too, which is counted once', async () => {
    await using rig = await beginHttp(
      { settings: guardSettings({}, { bodyIdleMs: 40 }) },
      { '/': (_, response) => void response.writeHead(500, { 'content-length': 9 }).write('x') },
    )
    const response = await headersOf(rig, '/')
    const failed = once(response, 'error')

    response.resume()
    const [error] = await failed
    await until(() => rig.server.openSockets === 0)

    expect(error).toMatchObject({ code: 'SOMON_GUARD_TIMEOUT', data: { reason: 'body-idle' } })
    expect(rig.scene.outcomes).toEqual(['failure'])
  })

  test('leaves a body alone whose reader is the slow one', async () => {
    await using rig = await beginHttp(
      { settings: guardSettings({}, { bodyIdleMs: 20 }) },
      { '/': (_, response) => void response.end(Buffer.alloc(5_000_000)), '/silent': beginBody },
    )
    const response = await headersOf(rig, '/')

    // They begin later and fall silent for as long, one after the other.
    for (let at = 0; at < 3; at += 1) {
      const silent = await headersOf(rig, '/silent')
      await once(silent.resume(), 'error')
    }
    response.resume()
    await once(response, 'end')

    expect(response.complete).toBe(true)
  })
})

/** What some agents dial with: a stream that is no socket, and counts no bytes. */
const overStream: RequestOptions = {
  createConnection: ({ port, host }) => {
    const socket = connect(Number(port), host ?? 'localhost')
    return Duplex.from({ readable: socket, writable: socket })
  },
}

describe('createHttpEdge() with a body that drips', () => {
  test.each([
    ['a socket', {}],
    ['a stream of an agent', overStream],
  ])('lets it drip through %s for as long as it likes', async (_via, through) => {
    const drips: NodeJS.Timeout[] = []
    const drip: RequestListener = (_, response) => {
      response.writeHead(200)
      drips.push(setInterval(() => response.write('x'), 5))
    }
    await using rig = await beginHttp(
      { settings: guardSettings({}, { bodyIdleMs: 500 }) },
      { '/': drip, '/silent': beginBody },
    )
    const response = await headersOf(rig, '/', through)
    response.resume()

    // It begins later and falls silent at once.
    const silent = await headersOf(rig, '/silent')
    const [error] = await once(silent.resume(), 'error')
    const { destroyed } = response
    for (const timer of drips) clearInterval(timer)
    response.destroy()

    expect([destroyed, error.code]).toEqual([false, 'SOMON_GUARD_TIMEOUT'])
    expect(rig.scene.outcomes).toEqual(['ok', 'ok', 'timeout'])
  })
})

describe('createHttpEdge() with other ways to use a request', () => {
  test('passes bodies both ways as they are', async () => {
    await using rig = await beginHttp(
      {},
      { '/': (request, response) => void request.pipe(response) },
    )
    const sent = Buffer.alloc(3_000_000, 'somon')
    const request = rig.scene.as('orders', () => rig.server.request('/', { method: 'POST' }))
    const received: Buffer[] = []

    const answered = once(request, 'response') as Promise<[IncomingMessage]>
    const upload = pipeline([sent.subarray(0, 1_000_000), sent.subarray(1_000_000)], request)
    const [response] = await answered
    for await (const chunk of response) received.push(chunk as Buffer)
    await upload

    expect(Buffer.concat(received).equals(sent)).toBe(true)
    expect(rig.scene.outcomes).toEqual(['ok'])
  })

  test('sends the body after 100-continue', async () => {
    await using rig = await beginHttp(
      {},
      { '/': (request, response) => void request.pipe(response) },
    )
    const headers = { expect: '100-continue' }
    const request = rig.scene.as('orders', () =>
      rig.server.request('/', { method: 'POST', headers }),
    )
    request.flushHeaders()
    const result = resultOf(request)

    await once(request, 'continue')
    const outcomes = [...rig.scene.outcomes]
    request.end('body')

    expect(outcomes).toEqual([])
    expect(await result).toBe('200 body')
    expect(rig.scene.outcomes).toEqual(['ok'])
  })

  test.each([true, false])(
    'is over with an upgrade; handled by the caller: %s',
    async (isHandled) => {
      await using rig = await beginHttp()
      rig.server.server.on('upgrade', (_, socket: Socket) => {
        socket.write('HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n')
        socket.pipe(socket)
      })
      const headers = { connection: 'upgrade', upgrade: 'echo' }
      const request = rig.scene.as('orders', () => rig.server.request('/', { headers }))
      request.on('error', () => {})
      const closed = once(request, 'close')
      const upgraded = Promise.withResolvers<Socket>()
      if (isHandled) request.once('upgrade', (_, socket: Socket) => upgraded.resolve(socket))

      request.end()
      await closed
      const text = isHandled ? await echoed(await upgraded.promise) : 'hello'

      expect(text).toBe('hello')
      expect(rig.scene.outcomes).toEqual(['ok'])
      expect(rig.guard().snapshot().inflight).toBe(0)
    },
  )

  test('leaves no listener on a connection that is used again', async () => {
    await using rig = await beginHttp()
    const agent = new Agent({ keepAlive: true })
    const counts: number[] = []
    agent.on('free', (socket: Socket) => {
      counts.push(socket.eventNames().reduce((sum, name) => sum + socket.listenerCount(name), 0))
    })

    for (let at = 0; at < 5; at += 1) await rig.send('/', { agent })
    await until(() => counts.length === 5)

    expect(rig.server.sockets).toHaveLength(1)
    expect(new Set(counts).size).toBe(1)
    agent.destroy()
  })
})

function reqOf(response: IncomingMessage): { destroy(error?: Error): unknown } {
  return (response as IncomingMessage & { req: { destroy(error?: Error): unknown } }).req
}

async function echoed(socket: Socket): Promise<string> {
  socket.write('hello')
  const [chunk] = await once(socket, 'data')
  socket.destroy()
  return String(chunk)
}
