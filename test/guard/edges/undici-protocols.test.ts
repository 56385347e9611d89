import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FakeClock } from '../../support/fake-clock.ts'
import { type KeyPair, selfSigned } from '../../support/self-signed.ts'
import { guardSettings } from '../support/settings.ts'
import {
  codeOfFetch,
  copies,
  hang,
  Loopback,
  ok,
  setAgent,
  status,
  UndiciScene,
  until,
  watchLeftovers,
} from './undici-scene.ts'

let checkLeftovers: () => Promise<void>
let pair: KeyPair
beforeAll(async () => {
  checkLeftovers = watchLeftovers()
  pair = await selfSigned()
})
afterAll(() => checkLeftovers())

const agents = Object.keys(copies)
const trusting = { connect: { rejectUnauthorized: false } }

describe.each(agents)('over https with an agent of %s', (name) => {
  test('calls are guarded by their origin', async () => {
    await using agent = setAgent(name, trusting)
    using scene = new UndiciScene({ settings: guardSettings({ consecutive: 1 }) })
    await using server = await Loopback.start(status(500), pair)

    const text = await scene.as('orders', async () => (await agent.fetch(server.origin)).text())
    const refused = await scene.as('orders', () => agent.fetch(server.origin).catch(codeOfFetch))

    expect([text, refused]).toEqual(['status 500', 'SOMON_GUARD_OPEN'])
    expect(scene.calls.map(({ dependency }) => dependency)).toEqual([server.origin, server.origin])
    expect(server.origin).toMatch(/^https:/)
  })

  test('a certificate that nobody trusts is the failure of the dependency', async () => {
    await using agent = setAgent(name, {})
    using scene = new UndiciScene()
    await using server = await Loopback.start(ok, pair)

    const error = await scene.as('orders', () => agent.fetch(server.origin).catch(codeOfFetch))

    expect(error).toBe('DEPTH_ZERO_SELF_SIGNED_CERT')
    expect(scene.outcomes).toEqual(['failure'])
  })
})

describe.each(agents)('over HTTP/2 with an agent of %s', (name) => {
  const options = { ...trusting, allowH2: true, connections: 1, pipelining: 10 }

  test('calls on one connection are counted one by one', async () => {
    await using agent = setAgent(name, options)
    using scene = new UndiciScene()
    await using server = await Loopback.start(ok, pair, 'h2')
    const versions: string[] = []
    server.answer = (request, response) => {
      versions.push(request.httpVersion)
      response.end('ok')
    }

    const texts = await scene.as('orders', async () => {
      const first = await (await agent.fetch(server.origin)).text()
      const rest = [1, 2, 3].map(async () => (await agent.fetch(server.origin)).text())
      return [first, ...(await Promise.all(rest))]
    })

    expect(texts).toEqual(['ok', 'ok', 'ok', 'ok'])
    expect(versions).toEqual(['2.0', '2.0', '2.0', '2.0'])
    expect(scene.outcomes).toEqual(['ok', 'ok', 'ok', 'ok'])
  })

  test('a failure is delivered whole, and a timeout ends its own stream only', async () => {
    await using agent = setAgent(name, options)
    using scene = new UndiciScene()
    await using server = await Loopback.start(status(503), pair, 'h2')
    const failed = await scene.as('orders', async () => (await agent.fetch(server.origin)).text())
    const waiting = Promise.withResolvers<() => void>()
    server.answer = (_request, response) => waiting.resolve(() => response.end('late'))
    const beside = scene.as('orders', () => agent.fetch(server.origin))
    const end = await waiting.promise
    scene.configure(guardSettings({}, { timeoutMs: 100 }))
    server.answer = hang

    const error = await scene.as('orders', () => agent.fetch(server.origin).catch(codeOfFetch))
    end()

    expect(failed).toBe('status 503')
    expect(error).toBe('SOMON_GUARD_TIMEOUT')
    expect(await (await beside).text()).toBe('late')
    expect(scene.outcomes).toEqual(['failure', 'timeout', 'ok'])
    expect(server.opened).toBe(1)
  })
})

describe('redirects', () => {
  test('of fetch are calls of the origins that they lead to', async () => {
    using scene = new UndiciScene()
    await using target = await Loopback.start(ok)
    await using server = await Loopback.start((request, response) => {
      const location = request.url === '/' ? '/next' : `${target.origin}/end`
      response.writeHead(302, { location }).end('x'.repeat(1000))
    })

    const answer = await scene.as('orders', () => fetch(server.origin))

    expect(await answer.text()).toBe('ok')
    expect(answer.url).toBe(`${target.origin}/end`)
    expect(scene.calls.map(({ dependency, outcome }) => [dependency, outcome])).toEqual([
      [server.origin, 'ok'],
      [server.origin, 'ok'],
      [target.origin, 'ok'],
    ])
  })

  test('that undici follows above the edge are guarded each', async () => {
    const undici = copies['undici 8']
    using scene = new UndiciScene()
    await using server = await Loopback.start((request, response) => {
      if (request.url === '/end') response.end('ok')
      else response.writeHead(302, { location: '/end' }).end()
    })
    const dispatcher = undici
      ?.getGlobalDispatcher()
      .compose(undici.interceptors.redirect({ maxRedirections: 3 }))

    const answer = await scene.as('orders', () =>
      undici?.request(server.origin, dispatcher === undefined ? {} : { dispatcher }),
    )

    expect(await answer?.body.text()).toBe('ok')
    expect(server.requests).toEqual(['GET /', 'GET /end'])
    expect(scene.outcomes).toContain('ok')
  })
})

describe('keep-alive', () => {
  test('is not given up by the edge', async () => {
    using scene = new UndiciScene()
    await using server = await Loopback.start(status(404))

    await scene.as('orders', async () => {
      for (let i = 0; i < 10; i += 1) await (await fetch(server.origin)).text()
      server.answer = status(500)
      for (let i = 0; i < 4; i += 1) await (await fetch(server.origin)).text()
    })

    expect(server.requests).toHaveLength(14)
    // undici itself takes a second one where a call follows at once on the end of a body.
    expect(server.opened).toBeLessThan(3)
  })
})

describe('an answer that announces another', () => {
  test.each(['global fetch', ...agents])('is not the end of a call by %s', async (way) => {
    using scene = new UndiciScene()
    await using server = await Loopback.start((_request, response) => {
      response.writeEarlyHints({ link: '</style.css>; rel=preload' }, () => response.end('ok'))
    })
    const { fetch: get } = copies[way] ?? { fetch }

    const text = await scene.as('orders', async () => (await get(server.origin)).text())

    expect(text).toBe('ok')
    expect(scene.outcomes).toEqual(['ok'])
  })
})

describe('an upgrade', () => {
  test.each(['global', ...agents])(
    'of a WebSocket (%s) is guarded up to the handshake',
    async (way) => {
      const clock = new FakeClock()
      using scene = new UndiciScene({}, clock)
      await using server = await Loopback.start(ok)
      const upgraded = once(server.server, 'upgrade') as Promise<[IncomingMessage, Duplex]>
      const { WebSocket: Socket } = copies[way] ?? { WebSocket }

      const socket = scene.as('orders', () => new Socket(server.origin.replace('http', 'ws')))
      const [request, stream] = await upgraded
      const before = scene.guard(server.origin).snapshot().inflight
      stream.write(handshakeOf(request))
      await new Promise((done) => {
        socket.addEventListener('open', done)
      })
      const message = new Promise((done) => {
        socket.addEventListener('message', ({ data }) => done(data))
      })
      stream.write(Buffer.from([0x81, 2, ...Buffer.from('hi')]))

      expect(before).toBe(1)
      // What follows the handshake may be silent for as long as it likes.
      expect(clock.pending).toBe(0)
      expect(await message).toBe('hi')
      expect(scene.outcomes).toEqual(['ok'])
      expect(scene.guard(server.origin).isIdle).toBe(true)
      const end = closed(socket)
      stream.destroy()
      await end
      expect(scene.outcomes).toEqual(['ok'])
    },
  )

  test('that the server breaks off is its failure, and an open circuit refuses the next', async () => {
    using scene = new UndiciScene({ settings: guardSettings({ consecutive: 1 }) })
    await using server = await Loopback.start(ok)
    server.server.on('upgrade', (_request, stream: Duplex) => stream.destroy())
    const url = server.origin.replace('http', 'ws')

    await scene.as('orders', () => closed(new WebSocket(url)))
    const opened = server.opened
    await scene.as('orders', () => closed(new WebSocket(url)))

    expect(scene.outcomes).toEqual(['failure', 'open'])
    expect(server.opened).toBe(opened)
  })

  test.each(agents)('by upgrade() of %s is guarded', async (name) => {
    using scene = new UndiciScene()
    await using server = await Loopback.start(ok)
    server.server.on('upgrade', (_request, stream: Duplex) => {
      stream.end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n')
    })

    const answer = await scene.as('orders', () =>
      copies[name]?.upgrade(server.origin, { protocol: 'echo' }),
    )
    answer?.socket.destroy()

    expect(answer?.headers.upgrade).toBe('echo')
    await until(() => expect(scene.outcomes).toEqual(['ok']))
  })

  test.each(agents)('to a tunnel (CONNECT of %s) passes', async (name) => {
    using scene = new UndiciScene()
    await using server = await Loopback.start(ok)
    server.server.on('connect', (_request, stream: Duplex) => {
      stream.end('HTTP/1.1 200 OK\r\n\r\n')
    })

    const answer = await scene.as('orders', () => copies[name]?.connect(server.origin))
    answer?.socket.destroy()

    expect(answer?.statusCode).toBe(200)
    expect(scene.lookups).toBe(0)
  })
})

describe('what is called from the events of an answer', () => {
  test('is guarded too, although its socket was opened inside the guard', async () => {
    const undici = copies['undici 8']
    if (undici === undefined) throw new Error('no copy')
    using scene = new UndiciScene()
    const answered = Promise.withResolvers<ServerResponse>()
    await using server = await Loopback.start((_request, response) => {
      response.write('a')
      answered.resolve(response)
    })

    const text = await scene.as('orders', async () => {
      const { body } = await undici.request(server.origin)
      const response = await answered.promise
      server.answer = ok
      let parts = 0
      return new Promise((done) => {
        body.on('data', () => {
          parts += 1
          // The second part comes with the socket, and so in the context that opened it.
          if (parts === 1) setImmediate(() => response.end('b'))
          else done(undici.fetch(server.origin).then((next) => next.text()))
        })
      })
    })

    expect(text).toBe('ok')
    expect(scene.outcomes).toEqual(['ok', 'ok'])
  })
})

describe('a call inside a call of the same guard', () => {
  test('passes: guard(name).call() around fetch counts once', async () => {
    using scene = new UndiciScene()
    await using server = await Loopback.start(status(500))

    const text = await scene.as('orders', () =>
      scene.guard(server.origin).call(async () => (await fetch(server.origin)).text()),
    )

    expect(text).toBe('status 500')
    expect(scene.outcomes).toEqual(['ok'])
  })
})

describe('a MockAgent as global dispatcher', () => {
  test.each(['undici 8', 'undici 7'])('of %s answers through the guard', async (name) => {
    const copy = copies[name]
    if (copy === undefined) throw new Error('no copy')
    const mock = new copy.MockAgent()
    mock.disableNetConnect()
    await using agent = setAgent(name, mock)
    using scene = new UndiciScene()
    const pool = mock.get('http://mock.example')
    pool.intercept({ path: '/' }).reply(503, 'mocked', { headers: { 'x-mock': '1' } })
    pool.intercept({ path: '/' }).reply(200, 'again')

    const answers = await scene.as('orders', async () => {
      const [first, second] = [
        await agent.fetch('http://mock.example'),
        await fetch('http://mock.example'),
      ]
      return [first.status, await first.text(), second.status, await second.text()]
    })
    const error = await scene.as('orders', () =>
      agent.fetch('http://mock.example/other').catch(codeOfFetch),
    )

    expect(answers).toEqual([503, 'mocked', 200, 'again'])
    expect(error).toBe('UND_MOCK_ERR_MOCK_NOT_MATCHED')
    await until(() => expect(scene.outcomes).toEqual(['failure', 'ok', 'ignored']))
  })
})

function closed(socket: Pick<WebSocket, 'addEventListener'>): Promise<unknown> {
  return new Promise((done) => {
    socket.addEventListener('close', done)
  })
}

function handshakeOf(request: IncomingMessage): string {
  const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
  const accept = createHash('sha1').update(key).digest('base64')
  return [
    'HTTP/1.1 101 Switching Protocols',
    'upgrade: websocket',
    'connection: upgrade',
    `sec-websocket-accept: ${accept}`,
    '\r\n',
  ].join('\r\n')
}
