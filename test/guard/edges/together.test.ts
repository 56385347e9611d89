import { Agent, type RequestListener } from 'node:http'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/base/clock.ts'
import { createHttpEdge } from '../../../src/guard/edges/http.ts'
import { createSocketEdge } from '../../../src/guard/edges/socket.ts'
import { createUndiciEdge } from '../../../src/guard/edges/undici.ts'
import { until } from '../support/tcp-scene.ts'
import { EdgeScene, type EdgeSceneOptions } from './edge-scene.ts'
import { HttpScene } from './http-scene.ts'
import { copies } from './undici-scene.ts'

/** All edges of one system. */
function install(options: EdgeSceneOptions = {}): { scene: EdgeScene } & Disposable {
  const stack = new DisposableStack()
  const scene = stack.use(new EdgeScene(options))
  const { host, covered } = scene
  stack.use(createUndiciEdge(host, { clock: systemClock, covered }).install())
  stack.use(createHttpEdge(host, covered).install())
  stack.use(createSocketEdge(host, covered).install())
  return { scene, [Symbol.dispose]: () => stack.dispose() }
}

describe('the edges of a system together', () => {
  test('guard a call once, whichever client sends it', async () => {
    await using server = await HttpScene.start()
    using edges = install({ bypass: 'guard' })
    const { scene } = edges

    await scene.as('orders', async () => {
      await server.send('/http', { agent: false })
      await (await fetch(`${server.origin}/fetch`)).text()
    })

    expect(server.requests).toEqual(['GET /http', 'GET /fetch'])
    expect(scene.calls.map(({ dependency, outcome }) => [dependency, outcome])).toEqual([
      [server.origin, 'ok'],
      [server.origin, 'ok'],
    ])
    expect(scene.bypassed).toEqual([])
  })

  test('take the connection to a proxy for that of the call through it', async () => {
    await using proxy = await HttpScene.start()
    using edges = install({ bypass: 'guard' })
    const { scene } = edges
    const options = { path: 'http://behind.example/', agent: false } as const

    const result = await scene.as('orders', () => proxy.send('/', options))

    expect(result).toBe('200 ok')
    expect(scene.bypassed).toEqual([])
    expect(scene.calls).toMatchObject([{ dependency: 'http://behind.example', outcome: 'ok' }])
  })

  test('see the connection of a dispatcher that goes beside them', async () => {
    await using server = await HttpScene.start()
    using edges = install({ bypass: 'guard' })
    const { scene } = edges
    const undici = copies['undici 8']
    if (undici === undefined) throw new Error('undici 8 is not installed')
    const dependency = `tcp://127.0.0.1:${server.port}`
    const call = async (): Promise<unknown> => {
      const dispatcher = new undici.Agent()
      try {
        const { statusCode, body } = await undici.request(server.origin, { dispatcher })
        await body.dump()
        return statusCode
      } catch (error) {
        return Reflect.get(error as object, 'code')
      } finally {
        await dispatcher.destroy()
      }
    }

    const first = await scene.as('orders', call)
    scene.guard(dependency).open()
    const second = await scene.as('orders', call)

    expect([first, second]).toEqual([200, 'SOMON_GUARD_OPEN'])
    expect(scene.bypassed.map(({ owner, target }) => [owner, target])).toEqual([
      ['orders', { kind: 'tcp', address: `127.0.0.1:${server.port}` }],
      ['orders', { kind: 'tcp', address: `127.0.0.1:${server.port}` }],
    ])
    expect(server.requests).toEqual(['GET /'])
  })

  test('know the dial for a call that waited, though its agent dials for another caller', async () => {
    const answers: (() => void)[] = []
    const answer: RequestListener = (_, response) =>
      void answers.push(() => response.writeHead(200, { connection: 'close' }).end())
    await using server = await HttpScene.start({ '/': answer })
    using edges = install({ bypass: 'guard' })
    const { scene } = edges
    const agent = new Agent({ maxSockets: 1 })
    const send = (owner: string): Promise<string> =>
      scene.as(owner, () => server.send('/', { agent }))

    const sent = [send('orders'), send('stock'), send('orders')]
    for (let at = 0; at < 3; at += 1) {
      await until(() => answers.length > at)
      answers[at]?.()
    }

    expect(await Promise.all(sent)).toEqual(['200 ', '200 ', '200 '])
    expect(server.sockets).toHaveLength(3)
    expect(scene.bypassed).toEqual([])
    expect(scene.calls.map(({ owner, outcome }) => [owner, outcome])).toEqual([
      ['orders', 'ok'],
      ['stock', 'ok'],
      ['orders', 'ok'],
    ])
  })

  test('of two systems guard their own owners alone, and end one by one', async () => {
    await using server = await HttpScene.start()
    using one = install()
    using other = install()
    const send = (edges: { scene: EdgeScene }): Promise<string> =>
      edges.scene.as('orders', () => server.send('/', { agent: false }))

    other.scene.guard(server.origin).open()
    const results = [await send(one), await send(other)]
    one[Symbol.dispose]()
    results.push(await send(other))

    expect(results).toEqual(['200 ok', 'SOMON_GUARD_OPEN', 'SOMON_GUARD_OPEN'])
    expect(one.scene.outcomes).toEqual(['ok'])
    expect(other.scene.outcomes).toEqual(['open', 'open'])
  })
})
