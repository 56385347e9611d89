import type { ClientRequest } from 'node:http'
import { originOf } from '../origin.ts'
import type { HttpTarget } from '../target.ts'

/** Where a request goes. */
export interface HttpRoute {
  readonly target: HttpTarget
  /** What is dialled for it: an origin, or the path of a Unix socket. */
  readonly next: string
}

/**
 * Reads what requests of `node:http` and `node:https` reach.
 *
 * Node keeps the port in a symbol only (24.21, 26.10; for `perf_hooks`), which is looked for once.
 * Without it the Host header has to do, as long as it names the host that is dialled: callers may
 * set it to something else.
 */
export class RouteReader {
  #authority: symbol | undefined

  /**
   * Returns the route of a request; undefined for what is no origin.
   *
   * A request to a Unix socket has the origin `http+unix://<path>`: its host name means nothing. A
   * request for a proxy names its server in its path, and it is the server that may be down.
   */
  routeOf(request: ClientRequest): HttpRoute | undefined {
    const { method, path, protocol } = request
    const socketPath = socketPathOf(request)
    const next = socketPath ?? originOf(`${protocol}//${this.#authorityOf(request)}`)
    if (next === undefined) return undefined
    const behind = path.startsWith('/') ? undefined : URL.parse(path)
    const origin = behind === undefined || behind === null ? undefined : originOf(behind)
    if (behind && origin !== undefined) {
      return {
        next,
        target: { kind: 'http', origin, method, path: behind.pathname + behind.search },
      }
    }
    const own = socketPath === undefined ? next : `${protocol.replace(':', '')}+unix://${next}`
    return { next, target: { kind: 'http', origin: own, method, path } }
  }

  /** Where a request goes, as `host[:port]`. */
  #authorityOf(request: ClientRequest): string {
    if (this.#authority === undefined || !(this.#authority in request)) {
      const symbols = Object.getOwnPropertySymbols(request)
      this.#authority = symbols.find(({ description }) => description === 'kAuthority')
    }
    const kept: unknown =
      this.#authority === undefined ? undefined : Reflect.get(request, this.#authority)
    return typeof kept === 'string' ? kept : authorityByHeader(request)
  }
}

function socketPathOf(request: ClientRequest): string | undefined {
  const path: unknown = Reflect.get(request, 'socketPath')
  return typeof path === 'string' ? path : undefined
}

function authorityByHeader(request: ClientRequest): string {
  const plain = request.host.replace(/^\[|\]$/g, '')
  const host = plain.includes(':') ? `[${plain}]` : plain
  const header = request.getHeader('host')
  return typeof header === 'string' && header.startsWith(`${host}:`) ? header : host
}
