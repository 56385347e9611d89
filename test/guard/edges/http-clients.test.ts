import { once } from 'node:events'
import { Agent, type IncomingMessage, type RequestListener } from 'node:http'
import axios, { type AxiosRequestConfig } from 'axios'
import got, { type Options } from 'got'
import { describe, expect, test } from 'vitest'
import { guardSettings } from '../support/settings.ts'
import { until } from '../support/tcp-scene.ts'
import { beginHttp, HttpScene } from './http-scene.ts'

/** One way to send a GET, and what came: a status, or the code of the error at the bottom. */
interface Client {
  readonly name: string
  readonly send: (url: string, options?: Sending) => Promise<string>
}

interface Sending {
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  readonly agent?: Agent
}

const clients: readonly Client[] = [
  {
    name: 'axios',
    async send(url, { timeoutMs, signal, agent } = {}) {
      const options: AxiosRequestConfig = { validateStatus: null }
      if (timeoutMs !== undefined) options.timeout = timeoutMs
      if (signal !== undefined) options.signal = signal
      if (agent !== undefined) options.httpAgent = agent
      return axios.get(url, options).then(({ status }) => String(status), codeAtBottom)
    },
  },
  {
    name: 'got',
    async send(url, { timeoutMs, signal, agent } = {}) {
      const options: Partial<Options> = { retry: { limit: 0 }, throwHttpErrors: false }
      if (timeoutMs !== undefined) options.timeout = { request: timeoutMs }
      if (signal !== undefined) options.signal = signal
      if (agent !== undefined) options.agent = { http: agent }
      const call = got(url, options) as Promise<{ readonly statusCode: number }>
      return call.then(({ statusCode }) => String(statusCode), codeAtBottom)
    },
  },
]

const hang: RequestListener = () => {}

describe.each(clients)('createHttpEdge() under $name', ({ send }) => {
  test('guards a call, and tells the code of a refusal', async () => {
    await using rig = await beginHttp(
      { settings: guardSettings({ consecutive: 3 }) },
      { '/bad': (_, response) => void response.writeHead(500).end() },
    )
    const { origin } = rig.server
    const call = (path: string) => rig.scene.as('orders', () => send(`${origin}${path}`))

    const good = await call('/')
    const bad = [await call('/bad'), await call('/bad'), await call('/bad')]
    const { length } = rig.server.sockets
    const refused = await Promise.all(Array.from({ length: 10 }, () => call('/')))

    expect([good, ...bad]).toEqual(['200', '500', '500', '500'])
    expect(new Set(refused)).toEqual(new Set(['SOMON_GUARD_OPEN']))
    expect(rig.server.sockets).toHaveLength(length)
    expect(rig.scene.outcomes.slice(0, 4)).toEqual(['ok', 'failure', 'failure', 'failure'])
  })

  test('follows a redirect with a call of its own to another origin', async () => {
    await using other = await HttpScene.start()
    await using rig = await beginHttp(
      {},
      {
        '/': (_, response) =>
          void response.writeHead(302, { location: `${other.origin}/there` }).end(),
      },
    )

    const result = await rig.scene.as('orders', () => send(rig.server.origin))

    expect(result).toBe('200')
    expect(rig.scene.calls).toMatchObject([
      { dependency: rig.server.origin, outcome: 'ok' },
      { dependency: other.origin, outcome: 'ok' },
    ])
  })

  test('refuses the second half of a redirect, when that is what is open', async () => {
    await using other = await HttpScene.start()
    await using rig = await beginHttp(
      {},
      {
        '/': (_, response) =>
          void response.writeHead(302, { location: `${other.origin}/there` }).end(),
      },
    )
    rig.scene.guard(other.origin).open()

    const result = await rig.scene.as('orders', () => send(rig.server.origin))

    expect(result).toBe('SOMON_GUARD_OPEN')
    expect(other.sockets).toHaveLength(0)
  })

  test('ends at the timeout of the guard, with its connection', async () => {
    await using rig = await beginHttp(
      { settings: guardSettings({}, { timeoutMs: 60 }) },
      { '/': hang },
    )

    const result = await rig.scene.as('orders', () => send(rig.server.origin))
    await until(() => rig.server.openSockets === 0)

    expect(result).toBe('SOMON_GUARD_TIMEOUT')
    expect(rig.scene.outcomes).toEqual(['timeout'])
  })

  // Symptom: axios said "stream has been aborted", got ECONNRESET. Cause: Node tells of `aborted`
  // before it tells of the error, and both clients take what comes first.
  test('tells the code of a body that was silent for too long', async () => {
    await using rig = await beginHttp(
      { settings: guardSettings({}, { bodyIdleMs: 40 }) },
      { '/': (_, response) => void response.writeHead(200, { 'content-length': 9 }).write('x') },
    )

    const result = await rig.scene.as('orders', () => send(rig.server.origin))
    await until(() => rig.server.openSockets === 0)

    expect(result).toBe('SOMON_GUARD_TIMEOUT')
    expect(rig.scene.outcomes).toEqual(['ok', 'timeout'])
  })

  test('tells a timeout of the caller from a change of mind', async () => {
    await using rig = await beginHttp({}, { '/': hang })
    const { origin } = rig.server
    const controller = new AbortController()

    const slow = rig.scene.as('orders', () => send(origin, { timeoutMs: 50 }))
    await slow
    await until(() => rig.scene.outcomes.length === 1)
    const left = rig.scene.as('orders', () => send(origin, { signal: controller.signal }))
    await until(() => rig.server.requests.length === 2)
    controller.abort()
    await left
    // A client may answer its caller before the request has closed.
    await until(() => rig.scene.outcomes.length === 2)

    expect(rig.scene.outcomes).toEqual(['timeout', 'ignored'])
    expect(rig.guard().snapshot().inflight).toBe(0)
  })

  test('works with a keep-alive agent, refused and let through in turn', async () => {
    await using rig = await beginHttp()
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const call = () => rig.scene.as('orders', () => send(rig.server.origin, { agent }))

    const first = await call()
    rig.guard().open()
    const second = await call()
    rig.guard().close()
    const third = await call()

    expect([first, second, third]).toEqual(['200', 'SOMON_GUARD_OPEN', '200'])
    expect(rig.server.sockets).toHaveLength(1)
    agent.destroy()
  })
})

describe('createHttpEdge() under axios and a proxy', () => {
  test('opens for the server that is down, not for its neighbours', async () => {
    await using rig = await beginHttp(
      { settings: guardSettings({ consecutive: 2 }) },
      { 'http://down.example/': (_, response) => void response.writeHead(502).end() },
    )
    const proxy = { protocol: 'http', host: '127.0.0.1', port: rig.server.port }
    const call = (url: string): Promise<string> =>
      rig.scene.as('orders', () =>
        axios
          .get(url, { proxy, validateStatus: null })
          .then(({ status }) => String(status), codeAtBottom),
      )

    const down = [await call('http://down.example/'), await call('http://down.example/')]
    const refused = await call('http://down.example/')
    const neighbour = await call('http://up.example/')

    expect([...down, refused, neighbour]).toEqual(['502', '502', 'SOMON_GUARD_OPEN', '200'])
  })
})

/** The code of the error that a client has wrapped in its own. */
function codeAtBottom(error: unknown): string {
  let at = error
  while (at instanceof Error && at.cause instanceof Error) at = at.cause
  return String((at as NodeJS.ErrnoException).code)
}

describe('createHttpEdge() under plain node:http', () => {
  test('tells the readers of a silent body of the error first, then of the rest', async () => {
    await using rig = await beginHttp(
      { settings: guardSettings({}, { bodyIdleMs: 40 }) },
      { '/': (_, response) => void response.writeHead(200, { 'content-length': 9 }).write('x') },
    )
    const request = rig.scene.as('orders', () => rig.server.request('/'))
    request.on('error', () => {})
    request.end()
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    const seen: string[] = []
    for (const event of ['aborted', 'close', 'error'])
      response.on(event, () => void seen.push(event))

    response.resume()
    await until(() => response.closed && seen.includes('close'))

    expect(seen).toEqual(['error', 'aborted', 'close'])
  })
})
