import type { Fault } from '../../../src/testing.ts'
import { createTcpScene, TcpClient, turns } from './tcp-scene.ts'

/**
 * Disposes a proxy amid traffic under each fault of the argument, and prints as JSON what is open
 * afterwards. A process of its own, because a test runner has timers and sockets itself.
 */
const faults = JSON.parse(process.argv[2] ?? '[]') as readonly (Fault | null)[]
const report: Record<string, unknown> = {}

for (const fault of faults) {
  const scene = await createTcpScene((socket) => socket.write(Buffer.alloc(10_000)))
  const early = new TcpClient(scene.proxy)
  await early.received(10_000)
  if (fault !== null) await scene.proxy.set(fault)
  const clients = [early, new TcpClient(scene.proxy), new TcpClient(scene.proxy)]
  for (const { socket } of clients) socket.write(Buffer.alloc(10_000))
  await turns(5)

  await Promise.all([scene.proxy[Symbol.asyncDispose](), scene.proxy[Symbol.asyncDispose]()])
  const { open } = scene.proxy.stats()
  await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()))
  await scene[Symbol.asyncDispose]()
  // A closed listener is counted until the end of the turn.
  await turns(3)
  const resources = process.getActiveResourcesInfo().filter((kind) => /^TCP|^Timeout/.test(kind))
  report[fault?.kind ?? 'none'] = { open, resources }
}
process.stdout.write(JSON.stringify(report))
