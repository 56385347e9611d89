import { channel } from 'node:diagnostics_channel'
import { storm, type StormOptions, type StormReport } from './storm.ts'

/** What a storm leaves behind in its process. */
export interface Leftovers {
  readonly resources: readonly string[]
  readonly channels: readonly string[]
  readonly listeners: Readonly<Record<string, number>>
  readonly isDispatcherBack: boolean
  readonly uncaught: readonly string[]
}

const CHANNELS = [
  ...['http.client.request.created', 'http.client.request.error', 'http.client.response.finish'],
  ...['http.client.request.start', 'net.client.socket'],
]
const SLOTS = ['undici.globalDispatcher.1', 'undici.globalDispatcher.2'].map((name) =>
  Symbol.for(name),
)

/** A process of its own, because a test runner has timers, sockets and listeners itself. */
const uncaught: string[] = []
for (const name of ['uncaughtException', 'unhandledRejection']) {
  process.on(name, (error: unknown) => {
    uncaught.push(String(error))
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  })
}

// Node sets its dispatcher when it is asked for it first.
void globalThis.Headers
const dispatchers = SLOTS.map((slot) => Reflect.get(globalThis, slot) as unknown)
const listeners = listenerCounts()

const options = JSON.parse(process.argv[2] ?? '') as StormOptions
const report = await storm(options)
await settled()

const left: Leftovers = {
  resources: resources(),
  channels: CHANNELS.filter((name) => channel(name).hasSubscribers),
  listeners: Object.fromEntries(
    Object.entries(listenerCounts()).filter(([name, count]) => count !== listeners[name]),
  ),
  isDispatcherBack: SLOTS.every((slot, at) => Reflect.get(globalThis, slot) === dispatchers[at]),
  uncaught,
}
process.stdout.write(JSON.stringify({ report, left } satisfies StormOutput))

/** What the program prints. */
export interface StormOutput {
  readonly report: StormReport
  readonly left: Leftovers
}

function listenerCounts(): Record<string, number> {
  return Object.fromEntries(
    process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
  )
}

function resources(): string[] {
  return process.getActiveResourcesInfo().filter((name) => !/Pipe|TTY|FSReq|Immediate/.test(name))
}

/** Sockets whose other end has just gone take some turns to go. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 200 && resources().length > 0; turn += 1) {
    await new Promise(setImmediate)
  }
}
