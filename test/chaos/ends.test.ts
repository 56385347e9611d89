import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { loadAsking, type Style } from './support/asking-module.ts'

/** Who waits for an answer of the server, by path, in the order of arrival. */
interface Holding extends AsyncDisposable {
  readonly origin: string
  readonly waiting: ReadonlyMap<string, ServerResponse>
  /** Resolves once that many wait. */
  arrived(count: number): Promise<void>
  /** Resolves once the server has seen the socket of one of them close. */
  closed(path: string): Promise<string>
  /** Answers everybody whose socket is open. */
  answer(): void
  /** The paths whose sockets were closed before an answer. */
  readonly lost: readonly string[]
}

async function startHolding(): Promise<Holding> {
  const waiting = new Map<string, ServerResponse>()
  const lost: string[] = []
  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    const path = request.url ?? ''
    waiting.set(path, response)
    request.socket.once('close', () => {
      if (!response.writableEnded) lost.push(path)
    })
    server.emit('held')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    ...{ origin: `http://127.0.0.1:${port}`, waiting, lost },
    async arrived(count) {
      while (waiting.size < count) await once(server, 'held')
    },
    async closed(path) {
      const socket = waiting.get(path)?.socket
      if (socket != null && !socket.destroyed) await once(socket, 'close')
      return 'closed'
    },
    answer() {
      for (const response of waiting.values()) response.end('well')
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

/**
 * A limit of 50 ms that a machine which stands still for a while does not use up: between two of
 * the timers everything that has arrived is taken in.
 */
async function fiftyMs(): Promise<string> {
  for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setTimeout(resolve, 10))
  return 'late'
}

const OTHERS = 20
const TIMEOUT_MS = 1500

describe.each<Style>(['fetch', 'axios'])('a call by %s that ends before its answer', (style) => {
  test('closes its socket at the timeout, and no other one', async () => {
    await using server = await startHolding()
    await using asking = await loadAsking(
      { style, workers: 64 },
      { guard: { timeoutMs: TIMEOUT_MS, breaker: { consecutive: 2 } } },
    )
    const hung = asking.ask(`${server.origin}/hung`)
    await server.arrived(1)
    // The others of the same dependency come so much later that their time is not over by then.
    await new Promise((resolve) => setTimeout(resolve, TIMEOUT_MS / 2))
    const others = Array.from({ length: OTHERS }, (_, i) => asking.ask(`${server.origin}/${i}`))
    await server.arrived(1 + OTHERS)

    const outcome = await hung
    const first = await Promise.race([server.closed('/hung'), fiftyMs()])
    server.answer()

    expect([outcome, first]).toEqual(['SOMON_GUARD_TIMEOUT', 'closed'])
    expect(new Set(await Promise.all(others))).toEqual(new Set(['200 well']))
    expect(server.lost).toEqual(['/hung'])
  })

  test("closes its socket at its caller's abort, and no other one", async () => {
    await using server = await startHolding()
    await using asking = await loadAsking({ style, workers: 64 })
    const controllers = Array.from({ length: OTHERS }, () => new AbortController())
    const calls = controllers.map(({ signal }, i) => asking.ask(`${server.origin}/${i}`, signal))
    await server.arrived(OTHERS)

    const ended: string[] = []
    for (let i = 0; i < OTHERS; i += 2) {
      controllers[i]?.abort()
      ended.push(await Promise.race([server.closed(`/${i}`), fiftyMs()]))
    }
    server.answer()

    const outcomes = await Promise.all(calls)
    expect(new Set(ended)).toEqual(new Set(['closed']))
    expect(new Set(outcomes.filter((_, i) => i % 2 === 1))).toEqual(new Set(['200 well']))
    expect(outcomes.filter((outcome) => outcome === '200 well')).toHaveLength(OTHERS / 2)
    expect(server.lost).toEqual(Array.from({ length: OTHERS / 2 }, (_, i) => `/${2 * i}`))
    const { window } = guardOf(asking.system.stats(), server.origin)
    expect(window).toMatchObject({ ok: OTHERS / 2, ignored: OTHERS / 2, failure: 0, timeout: 0 })
  })
})

function guardOf(
  { guards }: ReturnType<Awaited<ReturnType<typeof loadAsking>>['system']['stats']>,
  dependency: string,
) {
  const guard = guards.breakers[`main.ts:${dependency}`]
  if (guard === undefined) throw new Error(`There is no guard of ${dependency}`)
  return guard
}
