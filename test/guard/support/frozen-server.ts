import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { until } from './tcp-scene.ts'

/** A port on loopback that does not answer dials until it is thawed. */
export interface FrozenServer extends AsyncDisposable {
  readonly port: number
  /** Lets it go on; resolves once it takes connections again. */
  thaw(): Promise<void>
}

const PROGRAM = `
const server = require('node:net').createServer((socket) => socket.on('error', () => {}))
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port))
`

/**
 * Starts a server in a process of its own and stops that process.
 *
 * The system goes on to connect until as many wait as the server said it would take, so that many
 * are sent first: from then on it drops what comes.
 */
export async function freezeServer(): Promise<FrozenServer> {
  const child = spawn(process.execPath, ['-e', PROGRAM], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  // A test that is given up for its time does not dispose of anything.
  const end = (): void => void child.kill('SIGKILL')
  process.once('exit', end)
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const port = Number(String(line))
  child.kill('SIGSTOP')
  const waiting: Socket[] = []
  for (let at = 0; at < 2; at += 1) {
    const socket = connect(port, '127.0.0.1').on('error', () => {})
    waiting.push(socket)
    await until(() => !socket.connecting)
  }
  return {
    port,
    async thaw() {
      child.kill('SIGCONT')
      // A dial that the system drops before it has noticed is repeated after a second.
      const socket = connect(port, '127.0.0.1').on('error', () => {})
      await once(socket, 'connect')
      socket.destroy()
    },
    async [Symbol.asyncDispose]() {
      for (const socket of waiting) socket.destroy()
      process.removeListener('exit', end)
      end()
      await exited
    },
  }
}
