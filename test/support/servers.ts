import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, realpathSync } from 'node:fs'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'

/** A database in a process and a folder of its own, on a port of loopback that it keeps. */
export interface DatabaseServer extends AsyncDisposable {
  readonly host: string
  readonly port: number
  /** Ends the process at once; nobody listens on the port then. */
  kill(): Promise<void>
  /** Stops the process and takes what the system would connect meanwhile: dials are not answered. */
  freeze(): Promise<void>
  /** Lets a stopped process go on; resolves once it takes connections again. */
  thaw(): Promise<void>
  /** Starts it again, on the same port and with the same data. */
  revive(): Promise<void>
}

const required = (process.env.SOMON_TEST_REQUIRE ?? '').split(',')
const postgres = programOf('postgres', '/usr/lib/postgresql/*/bin/postgres')
const redis = programOf('redis-server')

/** Why tests with PostgreSQL cannot run here; undefined when they can, or must. */
export const noPostgres: string | undefined = reasonFor('postgres', postgres)

/** Why tests with Redis cannot run here; undefined when they can, or must. */
export const noRedis: string | undefined = reasonFor('redis', redis)

/** Starts PostgreSQL with the user `somon`, whom it trusts. */
export async function startPostgres(): Promise<DatabaseServer> {
  const program = realpathSync(postgres ?? 'postgres')
  const folder = await mkdtemp(join(tmpdir(), 'somon-postgres-'))
  // It refuses to run as root.
  const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY, cwd: '/' } : {}
  if ('uid' in user) await chown(folder, NOBODY, NOBODY)
  await promisify(execFile)(
    join(dirname(program), 'initdb'),
    ['-D', folder, '-A', 'trust', '-U', 'somon', '-E', 'UTF8', '--no-locale', '--no-sync'],
    user,
  )
  const port = await freePort()
  const settings = {
    ...{ fsync: 'off', listen_addresses: '127.0.0.1', unix_socket_directories: '', port },
    // The queue of connections is twice as long as there may be backends.
    ...{ max_connections: 5, superuser_reserved_connections: 0, autovacuum_max_workers: 1 },
    ...{ max_worker_processes: 0, max_wal_senders: 0, wal_level: 'minimal' },
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  return start({
    ...{ folder, port, endSignal: 'SIGQUIT', readyText: 'ready to accept connections' },
    spawn: () => spawn(program, ['-D', folder, ...flags], { ...user, stdio: STDIO }),
  })
}

/** Starts Redis without persistence. */
export async function startRedis(): Promise<DatabaseServer> {
  const folder = await mkdtemp(join(tmpdir(), 'somon-redis-'))
  const port = await freePort()
  const flags = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, '--save', '']
  return start({
    ...{ folder, port, endSignal: 'SIGKILL', readyText: 'Ready to accept connections' },
    spawn: () => spawn(redis ?? 'redis-server', [...flags, '--tcp-backlog', '1'], { stdio: STDIO }),
  })
}

interface Recipe {
  readonly folder: string
  readonly port: number
  readonly endSignal: NodeJS.Signals
  readonly readyText: string
  readonly spawn: () => ChildProcess
}

const NOBODY = 65_534
const STDIO: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe']

async function start(recipe: Recipe): Promise<DatabaseServer> {
  const { folder, port, endSignal } = recipe
  const host = '127.0.0.1'
  let child = await spawned(recipe)
  let fillers: Socket[] = []
  const goOn = (): void => {
    for (const socket of fillers) socket.destroy()
    fillers = []
    child.kill('SIGCONT')
  }
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    goOn()
    child.kill(endSignal)
    await exited
  }
  return {
    ...{ host, port, kill },
    async thaw() {
      goOn()
      // A dial that the system drops before it has noticed is repeated after a second.
      const socket = connect(port, host).on('error', () => {})
      await once(socket, 'connect')
      socket.destroy()
    },
    async freeze() {
      child.kill('SIGSTOP')
      fillers = await filled(host, port)
    },
    async revive() {
      child = await spawned(recipe)
    },
    async [Symbol.asyncDispose]() {
      await kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Starts the process; resolves once it says that it is ready. */
function spawned(recipe: Recipe): Promise<ChildProcess> {
  const child = recipe.spawn()
  const { promise, resolve, reject } = Promise.withResolvers<ChildProcess>()
  let log = ''
  const read = (chunk: Buffer): void => {
    log += String(chunk)
    if (log.includes(recipe.readyText)) resolve(child)
  }
  child.stdout?.on('data', read)
  child.stderr?.on('data', read)
  // A test that is given up for its time does not dispose of anything.
  const end = (): void => void child.kill('SIGKILL')
  process.once('exit', end)
  child.once('error', reject)
  child.once('exit', (code) => {
    process.removeListener('exit', end)
    reject(new Error(`the server ended with ${code}:\n${log}`))
  })
  return promise
}

/** Dials until the system takes no more for a process that does not accept. */
async function filled(host: string, port: number): Promise<Socket[]> {
  const sockets: Socket[] = []
  for (let unanswered = 0; unanswered < 2;) {
    const socket = connect(port, host).on('error', () => {})
    sockets.push(socket)
    const connected = once(socket, 'connect').then(() => true)
    // On loopback an answer takes microseconds; what is dropped is sent again after a second.
    const late = new Promise<false>((resolve) => setTimeout(() => resolve(false), 200))
    unanswered = (await Promise.race([connected, late])) ? 0 : unanswered + 1
  }
  return sockets
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function programOf(name: string, pattern?: string): string | undefined {
  const variable = `SOMON_TEST_${name.replace('-server', '').toUpperCase()}_BIN`
  const onPath = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name))
  const elsewhere = pattern === undefined ? [] : globSync(pattern)
  return [process.env[variable] ?? '', ...onPath, ...elsewhere].find((file) => existsSync(file))
}

function reasonFor(name: string, program: string | undefined): string | undefined {
  const runs = program !== undefined || required.includes(name)
  return runs ? undefined : ` (skipped: there is no ${name} on this machine)`
}
