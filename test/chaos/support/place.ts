import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createFaultProxy, type Fault, type FaultProxy } from '../../../src/testing.ts'

export type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** What is wrong with a dependency: a fault of the network before it, or its own. */
export type Sickness = Fault | { readonly kind: 'answers-500' }

/** What becomes of the connections of a sick dependency when it gets well. */
export type Connections = 'kept' | 'cut'

/** A dependency: an HTTP server on the loopback behind a fault proxy; it counts what reaches it. */
export class Place implements AsyncDisposable {
  answer: Answer = well
  /** Requests that have reached the server. */
  requests = 0
  readonly #server: Server
  readonly #proxy: FaultProxy

  static async start(): Promise<Place> {
    // The server never ends an idle connection, so none of its clients meets one that just ends.
    const server = createServer({ keepAliveTimeout: 0 })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    return new Place(server, await createFaultProxy({ upstream: { host: '127.0.0.1', port } }))
  }

  private constructor(server: Server, proxy: FaultProxy) {
    this.#server = server
    this.#proxy = proxy
    server.on('request', (request, response) => {
      this.requests += 1
      this.answer(request, response)
    })
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#proxy.port}`
  }

  /** Requests that were begun: those that have arrived, and those that a fault kept from it. */
  get attempts(): number {
    const { blackhole, reset, bandwidth } = this.#proxy.stats().faultsApplied
    return this.requests + blackhole + reset + bandwidth
  }

  /** Connections that were made. */
  get accepted(): number {
    return this.#proxy.stats().accepted
  }

  async sicken(sickness: Sickness): Promise<void> {
    if (sickness.kind === 'answers-500') {
      this.answer = broken
      return
    }
    await this.#proxy.set(sickness)
    // Those that are open would go on as if nobody had closed the port.
    if (sickness.kind === 'refuse') this.#proxy.cut()
  }

  /**
   * Makes it well. What a black hole has accepted stays silent for ever, unless it is cut as by a
   * server that starts again.
   */
  async heal(connections: Connections): Promise<void> {
    this.answer = well
    if (connections === 'cut') this.#proxy.cut()
    await this.#proxy.heal()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#proxy[Symbol.asyncDispose]()
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }
}

export const well: Answer = (_request, response) => {
  response.end('well')
}

export const broken: Answer = (_request, response) => {
  response.writeHead(500).end('broken')
}

/** Starts dependencies; the disposal ends them all. */
export async function startPlaces(
  count: number,
): Promise<AsyncDisposable & { readonly places: readonly Place[] }> {
  const places = await Promise.all(Array.from({ length: count }, () => Place.start()))
  return {
    places,
    async [Symbol.asyncDispose]() {
      await Promise.all(places.map((place) => place[Symbol.asyncDispose]()))
    },
  }
}

/** The five ways in which a dependency fails, none of which looks like another one. */
export const SICKNESSES: readonly Sickness[] = [
  { kind: 'blackhole' },
  { kind: 'reset' },
  { kind: 'answers-500' },
  // So slow that not even the head of an answer arrives within a timeout.
  { kind: 'bandwidth', bytesPerSecond: 10 },
  { kind: 'refuse' },
]
