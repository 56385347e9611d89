import { channel } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { Agent, type ClientRequest, type RequestOptions } from 'node:http'
import { connect } from 'node:net'
import { createHttpEdge } from '../../../../src/guard/edges/http.ts'
import { createSocketEdge } from '../../../../src/guard/edges/socket.ts'
import { guardSettings } from '../../support/settings.ts'
import { turns, until } from '../../support/tcp-scene.ts'
import { EdgeScene } from '../edge-scene.ts'
import { HttpScene, resultOf } from '../http-scene.ts'

/**
 * Lets calls end in every way there is, takes the edges away, and prints as JSON what is left. A
 * process of its own, because a test runner has timers and sockets itself.
 */
const uncaught: string[] = []
process.on('uncaughtException', (error) => uncaught.push(String(error)))

const seen: WeakRef<ClientRequest>[] = []

async function traffic(): Promise<unknown> {
  await using server = await HttpScene.start({
    '/bad': (_, response) => void response.writeHead(503).end(),
    '/reset': ({ socket }) => void socket.resetAndDestroy(),
    '/hang': () => {},
    '/silent': (_, response) => void response.writeHead(200, { 'content-length': 9 }).write('x'),
  })
  const settings = guardSettings(
    { consecutive: 0, minCalls: 1000 },
    { timeoutMs: 30, bodyIdleMs: 30 },
  )
  using scene = new EdgeScene({ settings, declared: { '127.0.0.1:1': 'db' }, bypass: 'guard' })
  using stack = new DisposableStack()
  stack.use(createHttpEdge(scene.host, scene.covered).install())
  stack.use(createSocketEdge(scene.host, scene.covered).install())
  const agent = new Agent({ keepAlive: true, maxSockets: 2 })
  const send = (path: string, options: RequestOptions = {}): Promise<string> =>
    scene.as('orders', () => {
      const request = server.request(path, { agent, ...options })
      seen.push(new WeakRef(request))
      request.end()
      return resultOf(request)
    })
  const dial = (port: number): Promise<unknown> =>
    scene.as('orders', () => {
      const socket = connect(port, '127.0.0.1').on('error', () => {})
      socket.on('connect', () => socket.destroy())
      return once(socket, 'close').catch(() => {})
    })
  const round = (): Promise<unknown> =>
    Promise.all([
      ...['/', '/bad', '/reset', '/hang', '/silent'].map((path) => send(path)),
      send('/hang', { signal: AbortSignal.timeout(5) }),
      send('/', { agent: false }),
      ...[server.port, 1].map(dial),
    ])

  for (let at = 0; at < 5; at += 1) await round()
  for (const guard of scene.registry.list()) guard.open()
  await round()
  agent.destroy()
  await until(() => server.openSockets === 0)
  const inflight = scene.registry.list().map((guard) => guard.snapshot().inflight)
  return {
    inflight: Math.max(...inflight),
    isCovered: scene.covered.covers(`127.0.0.1:${server.port}`),
  }
}

const inGuards = await traffic()
await turns(5)
for (let at = 0; at < 5; at += 1) {
  globalThis.gc?.()
  await turns(2)
}

const names = ['net.client.socket', 'http.client.request.created', 'http.client.request.error']
process.stdout.write(
  JSON.stringify({
    uncaught,
    inGuards,
    resources: process.getActiveResourcesInfo().filter((kind) => /^TCP|^Timeout/.test(kind)),
    channels: names.filter((name) => channel(name).hasSubscribers),
    requests: seen.length,
    alive: seen.filter((ref) => ref.deref() !== undefined).length,
  }),
)
