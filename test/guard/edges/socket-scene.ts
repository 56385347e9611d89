import { once } from 'node:events'
import { createServer, type AddressInfo, type ListenOptions, type Socket } from 'node:net'
import { createSocketEdge } from '../../../src/guard/edges/socket.ts'
import { turns } from '../support/tcp-scene.ts'
import { EdgeScene, type EdgeSceneOptions } from './edge-scene.ts'

/** A server on loopback that counts who reaches it. */
export interface Listener extends AsyncDisposable {
  readonly port: number
  readonly accepted: number
}

/** Starts a server that says nothing. */
export async function listen(
  options: ListenOptions = { port: 0, host: '127.0.0.1' },
): Promise<Listener> {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
  })
  server.listen(options)
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' ? (address as AddressInfo).port : 0,
    get accepted() {
      return sockets.length
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** A socket edge that is installed. */
export interface SocketRig extends Disposable {
  readonly scene: EdgeScene
  /** Dials as code of `orders`; says `connect`, or the code of the error. */
  dial(begin: () => Socket): Promise<string>
}

export function beginSockets(options: EdgeSceneOptions = {}): SocketRig {
  const stack = new DisposableStack()
  const scene = stack.use(new EdgeScene(options))
  stack.use(createSocketEdge(scene.host, scene.covered).install())
  return {
    scene,
    dial: (begin) => resultOf(scene.as('orders', begin)),
    [Symbol.dispose]: () => stack.dispose(),
  }
}

/** How a dial ends; the socket is closed then. */
export async function resultOf(socket: Socket): Promise<string> {
  const seen: string[] = []
  socket.on('error', (error: NodeJS.ErrnoException) => seen.push(error.code ?? error.message))
  socket.on('connect', () => {
    seen.push('connect')
    socket.destroy()
  })
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
  await turns(1)
  return seen.join()
}
