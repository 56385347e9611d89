import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** Where to listen, and whom to tell. */
export interface ListenerParts {
  readonly host: string
  readonly onConnection: (client: Socket) => void
  /** A connection could not be accepted, for example for want of descriptors. */
  readonly onError: (error: Error) => void
}

/**
 * Listens on one port, can stop to, and comes back on the same one.
 *
 * While nobody listens the port would be free, and any connection of this machine might get it as
 * its own end. A connection from the listener to itself, which no caller sees, keeps it taken.
 */
export class FaultListener {
  readonly #host: string
  readonly #onConnection: (client: Socket) => void
  readonly #onError: (error: Error) => void
  #server: Server | undefined
  #port = 0
  #holders: readonly Socket[] = []

  private constructor({ host, onConnection, onError }: ListenerParts) {
    this.#host = host
    this.#onConnection = onConnection
    this.#onError = onError
  }

  /** Starts to listen on a port that the system chooses. */
  static async start(parts: ListenerParts): Promise<FaultListener> {
    const listener = new FaultListener(parts)
    await listener.open()
    await listener.#hold()
    return listener
  }

  get port(): number {
    return this.#port
  }

  /** Listens again; does nothing while it listens. */
  async open(): Promise<void> {
    if (this.#server !== undefined) return
    const server = createServer({ allowHalfOpen: true, noDelay: true })
    // The first one of all is the connection to itself.
    if (this.#port > 0) server.on('connection', this.#onConnection)
    server.listen({ host: this.#host, port: this.#port })
    await once(server, 'listening')
    server.on('error', this.#onError)
    this.#server = server
    this.#port = (server.address() as AddressInfo).port
  }

  /** Stops to listen; accepted connections go on. Returns false when nobody listened. */
  close(): boolean {
    if (this.#server === undefined) return false
    this.#server.close()
    this.#server = undefined
    return true
  }

  /** Stops for good; resolves when every connection that was accepted last is closed. */
  async end(): Promise<void> {
    const closed = this.#holders.map((socket) => once(socket, 'close'))
    if (this.#server !== undefined) closed.push(once(this.#server, 'close'))
    this.close()
    for (const socket of this.#holders) socket.destroy()
    await Promise.all(closed)
  }

  async #hold(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    const accepted = once(server, 'connection')
    const near = connect({ host: this.#host, port: this.#port })
    await once(near, 'connect')
    const [far] = (await accepted) as [Socket]
    this.#holders = [near, far]
    for (const socket of this.#holders) socket.on('error', this.#onError)
    server.on('connection', this.#onConnection)
  }
}
