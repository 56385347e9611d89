import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import type { Fault, FaultKind } from './fault.ts'
import { FaultFlow } from './fault-flow.ts'

/** What a connection works with, and whom it tells. */
export interface ConnectionParts {
  readonly client: Socket
  /** Starts a connection to the upstream. */
  readonly dial: () => Socket
  readonly fault: Fault | undefined
  readonly clock: Clock
  readonly random: () => number
  readonly onPassed: (direction: 'to-upstream' | 'to-client', bytes: number) => void
  /** Called once for each fault that did something to this connection. */
  readonly onMet: (kind: FaultKind) => void
  /** The upstream did not accept; the client is reset. */
  readonly onRefused: () => void
  readonly onClosed: () => void
}

/**
 * A client and its upstream, with a flow in each direction.
 *
 * - Either side may end its half and go on reading.
 * - An error of one side resets the other one: bytes that would be missing never look like an end.
 * - Once something was swallowed the connection is lost: it stays silent, because what came later
 *   would be another stream.
 */
export class FaultConnection {
  readonly #parts: ConnectionParts
  readonly #sockets: Socket[] = []
  readonly #flows: FaultFlow[] = []
  readonly #met = new Set<FaultKind>()
  #openSockets = 0
  #lost = false

  constructor(parts: ConnectionParts) {
    this.#parts = parts
    const { client, dial, fault } = parts
    this.#adopt(client)
    if (fault?.kind === 'blackhole') {
      this.#lose()
      client.once('end', () => this.destroy())
      client.resume()
    } else if (endsAtOnce(fault)) {
      this.apply(fault)
    } else {
      this.#join(client, dial())
      this.apply(fault)
    }
  }

  /** How many bytes the proxy holds of this connection. */
  get heldBytes(): number {
    return this.#flows.reduce((sum, flow) => sum + flow.heldBytes, 0)
  }

  /** Puts another fault in force. */
  apply(fault: Fault | undefined): void {
    if (endsAtOnce(fault)) this.#end(fault.kind)
    else if (!this.#lost) for (const flow of this.#flows) flow.apply(fault)
  }

  /** Ends both sides regularly; what waits and what still arrives is thrown away. */
  cut(): void {
    for (const flow of this.#flows) flow.stop()
    for (const socket of this.#sockets) {
      socket.end()
      socket.resume()
    }
  }

  /** Closes both sides without waiting for anything. */
  destroy(): void {
    for (const flow of this.#flows) flow.stop()
    for (const socket of this.#sockets) socket.destroy()
  }

  #join(client: Socket, upstream: Socket): void {
    let connected = false
    upstream.once('connect', () => {
      connected = true
    })
    upstream.once('error', () => {
      if (!connected) this.#parts.onRefused()
    })
    this.#adopt(upstream)
    this.#flow('to-upstream', client, upstream)
    this.#flow('to-client', upstream, client)
  }

  #flow(direction: 'to-upstream' | 'to-client', source: Socket, sink: Socket): void {
    const { clock, random, onPassed } = this.#parts
    const flow = new FaultFlow({
      ...{ direction, source, sink, clock, random },
      onPassed: (bytes) => onPassed(direction, bytes),
      onMet: (kind) => this.#meet(kind),
      onSpent: (kind) => this.#end(kind),
      onSwallowed: (what) => {
        this.#lose()
        // Nobody is left who waits for an answer, and an open socket would outlive its client.
        if (what === 'end' && direction === 'to-upstream') this.destroy()
      },
    })
    this.#flows.push(flow)
  }

  #adopt(socket: Socket): void {
    this.#sockets.push(socket)
    this.#openSockets += 1
    socket.on('error', () => this.#reset())
    socket.once('close', () => {
      this.#openSockets -= 1
      if (this.#openSockets === 0) this.#parts.onClosed()
    })
  }

  #end(kind: 'reset' | 'cut'): void {
    this.#meet(kind)
    if (kind === 'reset') this.#reset()
    else this.cut()
  }

  #reset(): void {
    for (const flow of this.#flows) flow.stop()
    for (const socket of this.#sockets) resetSocket(socket)
  }

  #lose(): void {
    this.#lost = true
    this.#meet('blackhole')
  }

  #meet(kind: FaultKind): void {
    if (this.#met.has(kind)) return
    this.#met.add(kind)
    this.#parts.onMet(kind)
  }
}

function endsAtOnce(
  fault: Fault | undefined,
): fault is Extract<Fault, { readonly kind: 'reset' | 'cut' }> {
  return (fault?.kind === 'reset' || fault?.kind === 'cut') && (fault.afterBytes ?? 0) === 0
}

function resetSocket(socket: Socket): void {
  if (socket.destroyed) return
  // libuv refuses a reset while it sends an end, and the handle would stay open for ever.
  const { writableEnded, writableFinished, writableLength } = socket
  const isEnding = writableEnded && !writableFinished && writableLength === 0
  if (socket.connecting || isEnding) socket.destroy()
  else socket.resetAndDestroy()
}
