import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { systemClock, type Clock } from '../../base/clock.ts'
import type { DependencyGuard } from '../dependency-guard.ts'
import type { CoveredAddresses } from './covered.ts'
import type { Edge, EdgeHost, EdgeOptions } from './edge.ts'
import { HttpCall } from './http-call.ts'
import { endRequest } from './http-end.ts'
import { RouteReader } from './http-target.ts'
import { UnsupportedStages } from './unsupported.ts'

/**
 * Guards the requests of `node:http` and `node:https`, and with them the clients that are built on
 * them (axios, got), through Node's own channels: nothing is patched.
 *
 * A `ClientRequest` runs before anybody hears of it, so it cannot be held back: no queue, no wait
 * for a token, no retry. CONNECT passes: what goes through a tunnel is another protocol, and its
 * connection is the socket edge's.
 *
 * @param covered - counts the calls in flight for the socket edge
 */
export function createHttpEdge(
  host: EdgeHost,
  covered: CoveredAddresses,
  { clock = systemClock }: EdgeOptions = {},
): Edge {
  return { install: () => new HttpEdge(host, covered, clock) }
}

class HttpEdge implements Disposable {
  readonly #host: EdgeHost
  readonly #covered: CoveredAddresses
  readonly #clock: Clock
  readonly #unsupported: UnsupportedStages
  readonly #routes = new RouteReader()
  readonly #calls = new WeakMap<ClientRequest, HttpCall>()
  readonly #listeners: Readonly<Record<string, (message: unknown) => void>>
  /** The socket whose dial began in this very turn: a request is told of after its dial. */
  #dialled: Socket | undefined

  constructor(host: EdgeHost, covered: CoveredAddresses, clock: Clock) {
    this.#host = host
    this.#covered = covered
    this.#clock = clock
    this.#unsupported = new UnsupportedStages(host, 'http')
    this.#listeners = {
      'net.client.socket': (message) => this.#onDial(message as { socket: Socket }),
      'http.client.request.created': (message) => this.#onCreated((message as Told).request),
      'http.client.response.finish': (message) => {
        const { request, response } = message as Told & { response: IncomingMessage }
        this.#calls.get(request)?.answered(response)
      },
      'http.client.request.error': (message) => {
        const { request, error } = message as Told & { error: Error }
        this.#calls.get(request)?.failed(error)
      },
    }
    for (const [name, listener] of Object.entries(this.#listeners)) subscribe(name, listener)
  }

  [Symbol.dispose](): void {
    for (const [name, listener] of Object.entries(this.#listeners)) unsubscribe(name, listener)
  }

  #onDial({ socket }: { readonly socket: Socket }): void {
    if (this.#host.ownerNow() === undefined) return
    this.#dialled = socket
    queueMicrotask(() => {
      this.#dialled = undefined
    })
  }

  #onCreated(request: ClientRequest): void {
    const dialled = this.#dialled
    this.#dialled = undefined
    const owner = this.#host.ownerNow()
    if (owner === undefined) return this.#host.unowned?.()
    if (request.method === 'CONNECT') return undefined
    const route = this.#routes.routeOf(request)
    if (route === undefined) return undefined
    const leave = this.#covered.enter(route.next)
    const guard = this.#host.guardFor(owner, route.target)
    if (guard !== undefined && this.#enter(request, guard, { dialled, leave })) return undefined
    // Whatever lets a request pass, its connection is no bypass.
    request.once('close', leave)
    return undefined
  }

  /** Guards a request or refuses it; false when it has to pass untouched. */
  #enter(request: ClientRequest, guard: DependencyGuard, { dialled, leave }: Beginning): boolean {
    const held = guard.enter()
    if (held === undefined) return false
    if (held instanceof Error) {
      leave()
      endRequest(request, held, dialled)
      return true
    }
    this.#unsupported.tell(guard)
    this.#calls.set(
      request,
      new HttpCall({ request, guard, held, clock: this.#clock, onOver: leave }),
    )
    return true
  }
}

interface Told {
  readonly request: ClientRequest
}

/** What began with a request: perhaps a dial, and its time as a covered address. */
interface Beginning {
  readonly dialled: Socket | undefined
  readonly leave: () => void
}
