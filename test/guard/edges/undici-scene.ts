import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createSecureServer } from 'node:http2'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { createRequire } from 'node:module'
import { setTimeout as delay } from 'node:timers/promises'
import type * as Undici from 'undici'
import { expect, vi } from 'vitest'
import { type Clock, systemClock } from '../../../src/base/clock.ts'
import { createUndiciEdge, type UndiciEdge } from '../../../src/guard/edges/undici.ts'
import type { KeyPair } from '../../support/self-signed.ts'
import { EdgeScene, type EdgeSceneOptions } from './edge-scene.ts'

export type Answer = (request: IncomingMessage, response: ServerResponse) => void

// Node's own copy first, as in a process that has called fetch before it loads another one.
void globalThis.Headers

/** The copies of undici that are installed for tests. */
const require = createRequire(import.meta.url)
export const copies: Readonly<Record<string, typeof Undici>> = {
  'undici 8': require('undici') as typeof Undici,
  'undici 7': require('undici7') as typeof Undici,
  'undici 6': require('undici6') as typeof Undici,
}

/** A real server on this machine that counts what reaches it. */
export class Loopback implements AsyncDisposable {
  answer: Answer
  readonly requests: string[] = []
  /** How many connections it has taken; after an abort undici itself opens one more. */
  opened = 0
  /** How many requests have lost their connection. */
  cut = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #scheme: string

  static async start(answer: Answer, tls?: KeyPair, protocol: 'h1' | 'h2' = 'h1') {
    const loopback = new Loopback(answer, tls, protocol)
    await new Promise<void>((done) => {
      loopback.#server.listen(0, '127.0.0.1', done)
    })
    return loopback
  }

  private constructor(answer: Answer, tls: KeyPair | undefined, protocol: 'h1' | 'h2') {
    this.answer = answer
    this.#scheme = tls === undefined ? 'http' : 'https'
    const onRequest: Answer = (request, response) => {
      this.requests.push(`${request.method} ${request.url}`)
      response.once('close', () => {
        if (!response.writableEnded) this.cut += 1
      })
      this.answer(request, response)
    }
    if (tls === undefined) this.#server = createServer(onRequest)
    else if (protocol === 'h1') this.#server = createTlsServer(tls, onRequest)
    else this.#server = createSecureServer(tls, onRequest as never) as unknown as Server
    this.#server.on('connection', (socket: Socket) => {
      this.opened += 1
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        this.#sockets.delete(socket)
      })
    })
  }

  get server(): Server {
    return this.#server
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get origin(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((done) => {
      this.#server.close(done)
    })
  }
}

/** A scene with the edge installed; `using` takes it out again. */
export class UndiciScene extends EdgeScene {
  readonly edge: UndiciEdge
  readonly #installed: Disposable

  /** @param clock - what the edge measures by: the silence of bodies, and lost connections */
  constructor(options: EdgeSceneOptions = {}, clock: Clock = systemClock) {
    super({ ...options, clock })
    this.edge = createUndiciEdge(this.host, { clock, covered: this.covered })
    this.#installed = this.edge.install()
    this.edge.ensure()
  }

  /** Takes the edge out, and leaves the rest. */
  uninstall(): void {
    this.#installed[Symbol.dispose]()
  }

  override [Symbol.dispose](): void {
    this.uninstall()
    super[Symbol.dispose]()
  }
}

export const ok: Answer = (_request, response) => {
  response.end('ok')
}

export const hang: Answer = () => {}

/** Answers every request with a status. */
export function status(code: number, headers: Record<string, string> = {}): Answer {
  return (_request, response) => {
    response.writeHead(code, headers).end(`status ${code}`)
  }
}

/** The code of an error, or that of its cause, which is where fetch puts it. */
export function codeOfFetch(error: Error): unknown {
  const { code, cause } = error as Error & { readonly code?: unknown }
  return code ?? (cause as { readonly code?: unknown } | undefined)?.code ?? error
}

/** Waits for what a busy machine may take its time for. */
export function until(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 15_000, interval: 10 })
}

const SLOTS = [
  Symbol.for('undici.globalDispatcher.1'),
  Symbol.for('undici.globalDispatcher.2'),
] as const

export function dispatchers(): readonly unknown[] {
  return SLOTS.map((slot) => Reflect.get(globalThis, slot))
}

/** A global dispatcher, by the ways of the copy that has set it. */
export interface SetAgent extends AsyncDisposable {
  readonly fetch: typeof fetch
  readonly request: typeof Undici.request
  /** Hands a request to the global dispatcher itself, from where the copy looks for it. */
  dispatch(options: object, handler: object): unknown
}

/** Sets the global dispatcher of the process as a copy of undici does it, until the scope ends. */
export function setAgent(name: string, made: Undici.Agent.Options | Undici.Dispatcher): SetAgent {
  const copy = copies[name]
  if (copy === undefined) throw new Error(`no copy ${name}`)
  const agent = 'dispatch' in made ? made : new copy.Agent(made)
  const before = dispatchers()
  copy.setGlobalDispatcher(agent)
  return {
    // Every copy has the same fetch; the types of two versions differ in details.
    fetch: copy.fetch as unknown as typeof fetch,
    request: copy.request,
    dispatch: (options, handler) => dispatchBy(name === 'undici 6' ? 0 : 1, options, handler),
    async [Symbol.asyncDispose]() {
      for (const [i, slot] of SLOTS.entries()) Reflect.set(globalThis, slot, before[i])
      // The test may have ended it itself.
      await agent.close().catch((error: { readonly code?: unknown }) => {
        if (error.code !== 'UND_ERR_DESTROYED') throw error
      })
    },
  }
}

/** Hands a request to the dispatcher of one of the two slots. */
export function dispatchBy(slot: 0 | 1, options: object, handler: object): unknown {
  const dispatcher = dispatchers()[slot] as { dispatch(a: object, b: object): unknown }
  return dispatcher.dispatch({ path: '/', method: 'GET', ...options }, handler)
}

/** What keeps the process alive, and who listens to it. */
function leftovers(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of process.getActiveResourcesInfo()) {
    if (/TCP|TLS|HTTP2/i.test(name)) counts[name] = (counts[name] ?? 0) + 1
  }
  for (const name of process.eventNames()) {
    counts[`on ${String(name)}`] = process.listenerCount(name)
  }
  return counts
}

/** Returns the check that all that was made since has gone again. */
export function watchLeftovers(): () => Promise<void> {
  const before = { found: leftovers(), dispatchers: dispatchers(), timers: timers() }
  return async () => {
    expect(dispatchers().every((agent, i) => agent === before.dispatchers[i])).toBe(true)
    const agents = dispatchers() as { close(): Promise<void> }[]
    await Promise.allSettled(agents.map((agent) => agent.close()))
    await until(() => expect(leftovers()).toEqual(before.found))
    // The runner has timers of its own, which do not last.
    for (let i = 0; i < 100 && timers() > before.timers; i += 1) await delay(50)
    expect(timers()).toBeLessThanOrEqual(before.timers)
  }
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
}
