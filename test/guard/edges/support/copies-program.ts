// Loads what is named by its arguments in this order, with the edge put in by then or later, and
// calls a server once by each; prints what the edge saw.
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { systemClock } from '../../../../src/base/clock.ts'
import { createUndiciEdge } from '../../../../src/guard/edges/undici.ts'
import { EdgeScene } from '../edge-scene.ts'

const load = createRequire(import.meta.url)
// Importing node:http would load Node's undici.
const { createServer } = process.getBuiltinModule('node:http')
const server = createServer((_request, response) => response.end('ok'))
await new Promise<void>((done) => {
  server.listen(0, '127.0.0.1', done)
})
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
const scene = new EdgeScene()
const edge = createUndiciEdge(scene.host, { clock: systemClock, covered: scene.covered })
const isLoaded = (): boolean => Symbol.for('undici.globalDispatcher.1') in globalThis
const installed = edge.install()
const afterInstall = isLoaded()
const seen: string[] = []
for (const name of process.argv.slice(2)) {
  if (name === 'ensure') edge.ensure()
  else {
    const get = name === 'node' ? fetch : (load(name) as { fetch: typeof fetch }).fetch
    if (name !== 'node') edge.ensure()
    const before = scene.calls.length
    const text = await scene.as('orders', async () => (await get(url)).text())
    seen.push(`${name} ${text} ${scene.calls.length - before}`)
  }
}
const afterCalls = isLoaded()
installed[Symbol.dispose]()
server.closeAllConnections()
server.close()
console.log(JSON.stringify({ afterInstall, afterCalls, seen, replaced: scene.replaced }))
