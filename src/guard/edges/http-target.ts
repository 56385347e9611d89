import type { ClientRequest } from 'node:http'
import { originOf } from '../origin.ts'
import type { HttpTarget } from '../target.ts'

/**
 * Returns what a request of `node:http` or `node:https` reaches; undefined for what is no origin.
 *
 * A request to a Unix socket has the origin `http+unix://<path>`: its host name means nothing.
 */
export function httpTargetOf(request: ClientRequest): HttpTarget | undefined {
  const { method, path } = request
  const socketPath = socketPathOf(request)
  const origin =
    socketPath === undefined
      ? originOf(`${request.protocol}//${authorityOf(request)}`)
      : `${request.protocol.replace(':', '')}+unix://${socketPath}`
  return origin === undefined ? undefined : { kind: 'http', origin, method, path }
}

/** Returns the path of the Unix socket that a request goes to, if it does. */
export function socketPathOf(request: ClientRequest): string | undefined {
  const path: unknown = Reflect.get(request, 'socketPath')
  return typeof path === 'string' ? path : undefined
}

/**
 * Where a request goes, as `host[:port]`.
 *
 * Node keeps the port in a symbol only (24.21, 26.10; for `perf_hooks`). Without it the Host header
 * has to do, as long as it names the host that is dialled: callers may set it to something else.
 */
function authorityOf(request: ClientRequest): string {
  const symbol = Object.getOwnPropertySymbols(request).find(
    ({ description }) => description === 'kAuthority',
  )
  const kept: unknown = symbol === undefined ? undefined : Reflect.get(request, symbol)
  if (typeof kept === 'string') return kept
  const host = request.host.includes(':')
    ? `[${request.host.replace(/^\[|\]$/g, '')}]`
    : request.host
  const header = request.getHeader('host')
  const isOfHost = typeof header === 'string' && header.startsWith(`${host}:`)
  return isOfHost ? header : host
}
