import type { ClientRequest } from 'node:http'
import { originOf } from '../origin.ts'
import type { HttpTarget } from '../target.ts'

/**
 * Reads what requests of `node:http` and `node:https` reach.
 *
 * Node keeps the port in a symbol only (24.21, 26.10; for `perf_hooks`), which is looked for once.
 * Without it the Host header has to do, as long as it names the host that is dialled: callers may
 * set it to something else.
 */
export class TargetReader {
  #authority: symbol | undefined

  /**
   * Returns the target of a request; undefined for what is no origin.
   *
   * A request to a Unix socket has the origin `http+unix://<path>`: its host name means nothing.
   */
  targetOf(request: ClientRequest): HttpTarget | undefined {
    const { method, path, protocol } = request
    const socketPath = socketPathOf(request)
    const origin =
      socketPath === undefined
        ? originOf(`${protocol}//${this.#authorityOf(request)}`)
        : `${protocol.replace(':', '')}+unix://${socketPath}`
    return origin === undefined ? undefined : { kind: 'http', origin, method, path }
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

/** Returns the path of the Unix socket that a request goes to, if it does. */
export function socketPathOf(request: ClientRequest): string | undefined {
  const path: unknown = Reflect.get(request, 'socketPath')
  return typeof path === 'string' ? path : undefined
}

function authorityByHeader(request: ClientRequest): string {
  const plain = request.host.replace(/^\[|\]$/g, '')
  const host = plain.includes(':') ? `[${plain}]` : plain
  const header = request.getHeader('host')
  return typeof header === 'string' && header.startsWith(`${host}:`) ? header : host
}
