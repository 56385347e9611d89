import { once } from 'node:events'
import {
  createServer,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type RequestListener,
  type RequestOptions,
  type Server,
} from 'node:http'
import { createServer as createSecure, request as httpsRequest } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { createHttpEdge } from '../../../src/guard/edges/http.ts'
import type { DependencyGuard } from '../../../src/guard/dependency-guard.ts'
import type { KeyPair } from '../../support/self-signed.ts'
import { until } from '../support/tcp-scene.ts'
import { EdgeScene, type EdgeSceneOptions } from './edge-scene.ts'

/** What the server does, by path. */
export type Routes = Readonly<Record<string, RequestListener>>

/** A server, and an HTTP edge that is installed; both end with it. */
export interface HttpRig extends AsyncDisposable {
  readonly server: HttpScene
  readonly scene: EdgeScene
  /** The guard of `orders` for the server. */
  guard(): DependencyGuard
  /** Sends a request as code of `orders`, as `HttpScene.send()` does. */
  send(path: string, options?: RequestOptions): Promise<string>
}

/** Starts a server and installs an edge. */
export async function beginHttp(
  options: EdgeSceneOptions = {},
  routes: Routes = {},
  tls?: KeyPair,
): Promise<HttpRig> {
  const stack = new AsyncDisposableStack()
  const server = stack.use(await HttpScene.start(routes, tls))
  const scene = stack.use(new EdgeScene(options))
  stack.use(createHttpEdge(scene.host, scene.covered).install())
  return {
    ...{ server, scene },
    guard: () => scene.guard(server.origin),
    send: (path, request) => scene.as('orders', () => server.send(path, request)),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/** A server on loopback that counts what reaches it. */
export class HttpScene implements AsyncDisposable {
  readonly server: Server
  readonly #isSecure: boolean
  /** The connections, in order of arrival. */
  readonly sockets: Socket[] = []
  readonly requests: string[] = []

  /** Starts a server; `routes` is keyed by path, all others answer `ok`. */
  static async start(routes: Routes = {}, tls?: KeyPair) {
    const scene = new HttpScene(routes, tls)
    scene.server.listen(0, '127.0.0.1')
    await once(scene.server, 'listening')
    return scene
  }

  private constructor(routes: Routes, tls?: KeyPair) {
    const answer: RequestListener = (request, response) => {
      this.requests.push(`${request.method} ${request.url}`)
      const route = routes[request.url ?? '/']
      if (route === undefined) response.end('ok')
      else route(request, response)
    }
    this.#isSecure = tls !== undefined
    this.server = tls === undefined ? createServer(answer) : createSecure(tls, answer)
    this.server.on('connection', (socket: Socket) => {
      this.sockets.push(socket)
      socket.on('error', () => {})
    })
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  get origin(): string {
    return `${this.#isSecure ? 'https' : 'http'}://127.0.0.1:${this.port}`
  }

  get openSockets(): number {
    return this.sockets.filter(({ closed }) => !closed).length
  }

  /** Begins a request to this server; nobody listens on it yet. */
  request(path: string, options: RequestOptions & { ca?: Buffer } = {}): ClientRequest {
    const begin = this.#isSecure ? httpsRequest : httpRequest
    return begin(`${this.origin}${path}`, { rejectUnauthorized: false, ...options })
  }

  /** Sends a request and says what came: a status and body, or the code of the error. */
  send(path: string, options: RequestOptions = {}): Promise<string> {
    const request = this.request(path, options)
    request.end()
    return resultOf(request)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.server, 'close')
    this.server.close()
    this.server.closeAllConnections()
    for (const socket of this.sockets) socket.destroy()
    await closed
  }
}

/** What comes of a request, up to its end: status and body, or the codes of its errors. */
export async function resultOf(request: ClientRequest): Promise<string> {
  const errors: string[] = []
  const see = (error: NodeJS.ErrnoException): number => errors.push(error.code ?? error.message)
  let text = ''
  let response: IncomingMessage | undefined
  request.on('error', see)
  request.on('response', (answer) => {
    response = answer
    answer.on('error', see)
    answer.on('data', (chunk) => (text += String(chunk)))
  })
  if (!request.closed) await once(request, 'close').catch(() => {})
  await until(() => response === undefined || response.closed)
  return errors.length > 0 ? errors.join() : `${response?.statusCode} ${text}`
}
