import { once, type EventEmitter } from 'node:events'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createFaultProxy, type FaultProxy, type FaultProxyOptions } from '../../../src/testing.ts'

/** A server on loopback with a fault proxy before it; both end with the scene. */
export interface TcpScene extends AsyncDisposable {
  readonly proxy: FaultProxy
  readonly server: Server
  /** The connections of the server, in order of arrival. */
  readonly served: readonly Socket[]
}

/** Starts a server that hands each connection to `serve`, and a proxy before it. */
export async function createTcpScene(
  serve: (socket: Socket) => void,
  options: Omit<FaultProxyOptions, 'upstream'> = {},
): Promise<TcpScene> {
  const served: Socket[] = []
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    served.push(socket)
    socket.on('error', () => {})
    serve(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy = await createFaultProxy({ upstream: addressOf(server), ...options })
  return {
    ...{ proxy, server, served },
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]()
      const closed = server.listening ? once(server, 'close') : undefined
      server.close()
      for (const socket of served) socket.destroy()
      await closed
    },
  }
}

/** A client that keeps what it sees, in order. */
export class TcpClient implements AsyncDisposable {
  readonly socket: Socket
  /** `connect`, `data`, `end`, `close` and codes of errors; neighbours that are equal are one. */
  readonly seen: string[] = []
  readonly #chunks: Buffer[] = []
  readonly #closed: Promise<void>

  constructor({ host, port }: { readonly host: string; readonly port: number }) {
    this.socket = connect({ host, port, allowHalfOpen: true })
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#closed = promise
    this.socket.on('connect', () => this.#see('connect'))
    this.socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk)
      this.#see('data')
    })
    this.socket.on('end', () => this.#see('end'))
    this.socket.on('error', (error: NodeJS.ErrnoException) => this.#see(error.code ?? error.name))
    this.socket.on('close', () => {
      this.#see('close')
      resolve()
    })
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  get text(): string {
    return this.bytes.toString('latin1')
  }

  /** Resolves once that many bytes have arrived. */
  async received(bytes: number): Promise<void> {
    while (this.bytes.length < bytes) await once(this.socket, 'data')
  }

  async ended(): Promise<void> {
    if (!this.seen.includes('end')) await once(this.socket, 'end')
  }

  closed(): Promise<void> {
    return this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy()
    await this.#closed
  }

  #see(what: string): void {
    if (this.seen.at(-1) !== what) this.seen.push(what)
  }
}

/** Sends back what it gets, and its end. */
export function echo(socket: Socket): void {
  socket.pipe(socket)
}

/** Lets the events of sockets that are due happen, a number of turns long. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await new Promise(setImmediate)
}

/** Lets events happen until something holds; a test that waits in vain runs into its timeout. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate)
}

/** Returns the code of the next error of an emitter. */
export async function onceError(emitter: EventEmitter | undefined): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  emitter?.once('error', (error: NodeJS.ErrnoException) => resolve(error.code))
  return promise
}

/** Where a server on loopback listens. */
export function addressOf(server: Server): { readonly host: string; readonly port: number } {
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
}

/** Starts an HTTP server that is closed, with its connections, at the end of the block. */
export async function serveHttp(
  handler: RequestListener,
): Promise<AsyncDisposable & { readonly server: Server }> {
  const server = createHttpServer(handler)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    server,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
