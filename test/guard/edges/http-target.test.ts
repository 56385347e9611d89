import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, request, type ClientRequest, type RequestOptions } from 'node:http'
import { request as secureRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createHttpEdge } from '../../../src/guard/edges/http.ts'
import { RouteReader } from '../../../src/guard/edges/http-target.ts'
import { EdgeScene } from './edge-scene.ts'
import { resultOf } from './http-scene.ts'

/** A request that is ended before it dials. */
function made(options: RequestOptions | string, begin = request): ClientRequest {
  const one = typeof options === 'string' ? begin(options) : begin(options)
  one.on('error', () => {})
  return one.destroy()
}

/** As a Node that does not keep the authority. */
function withoutSymbols(one: ClientRequest): ClientRequest {
  for (const symbol of Object.getOwnPropertySymbols(one)) {
    if (symbol.description === 'kAuthority') Reflect.deleteProperty(one, symbol)
  }
  return one
}

const read = (one: ClientRequest) => new RouteReader().routeOf(one)?.target

describe('RouteReader.routeOf()', () => {
  test.each<[string, RequestOptions | string, string]>([
    ['an address', 'http://API.Pay.Example/v1?x=1', 'http://api.pay.example'],
    ['a port', 'http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['IPv6', 'http://[::1]:3000', 'http://[::1]:3000'],
    ['IPv6 without brackets', { host: '::1', port: 3000 }, 'http://[::1]:3000'],
    ['no host', { port: 3000 }, 'http://localhost:3000'],
    ['a port as text', { hostname: 'a.example', port: '81' }, 'http://a.example:81'],
  ])('names the origin of %s', (_name, options, origin) => {
    const one = made(options)

    expect(read(one)?.origin).toBe(origin)
    expect(read(withoutSymbols(one))?.origin).toBe(origin)
  })

  test('keeps to one request at a time, whatever those before were', () => {
    const reader = new RouteReader()
    const [first, second, bare, last] = [1, 2, 3, 4].map((port) =>
      made({ host: 'a.example', port }),
    )

    const origins = [first, second, withoutSymbols(bare ?? made({})), last].map(
      (one) => one && reader.routeOf(one)?.target.origin,
    )

    expect(origins).toEqual([1, 2, 3, 4].map((port) => `http://a.example:${port}`))
  })

  test('is not misled by another Host header', () => {
    const headers = { host: 'virtual.example:9' }
    const one = made({ host: '127.0.0.1', port: 8080, headers })

    expect(read(one)?.origin).toBe('http://127.0.0.1:8080')
    expect(read(withoutSymbols(one))?.origin).toBe('http://127.0.0.1')
  })

  test('has the method, and the path with its query', () => {
    const one = made({ host: 'a.example', path: '/v1?x=1', method: 'put' }, secureRequest)

    expect(read(one)).toEqual({
      kind: 'http',
      origin: 'https://a.example',
      method: 'PUT',
      path: '/v1?x=1',
    })
  })

  test('finds the server behind a proxy, and the proxy before it', () => {
    const path = 'http://API.pay.example/v1?x=1'
    const one = made({ host: 'proxy.example', port: 3128, path })

    expect(new RouteReader().routeOf(one)).toEqual({
      next: 'http://proxy.example:3128',
      target: { kind: 'http', origin: 'http://api.pay.example', method: 'GET', path: '/v1?x=1' },
    })
  })

  test('takes a path that is no address for one of the server', () => {
    const one = made({ host: 'a.example', path: '*', method: 'OPTIONS' })

    expect(read(one)).toMatchObject({ origin: 'http://a.example', path: '*' })
  })

  test('keeps the servers of two Unix sockets apart', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'somon-unix-'))
    const socketPath = join(folder, 'one.sock')
    const server = createServer((_, response) => response.end('ok')).listen(socketPath)
    await once(server, 'listening')
    using scene = new EdgeScene()
    using stack = new DisposableStack()
    stack.use(createHttpEdge(scene.host, scene.covered).install())
    const begin = (): ClientRequest => request({ socketPath, host: 'docker' })

    const call = scene.as('orders', begin)
    call.end()
    const isCovered = scene.covered.covers(socketPath)
    const result = await resultOf(call)

    expect([result, isCovered]).toEqual(['200 ok', true])
    expect(scene.calls).toMatchObject([{ dependency: `http+unix://${socketPath}`, outcome: 'ok' }])
    server.close()
    await rm(folder, { recursive: true })
  })
})
