// What docs/notes/undici.md says: node docs/notes/measure/undici.js [runs]
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'

const FIRST = Symbol.for('undici.globalDispatcher.1')
const runs = Number(process.argv[2] ?? 7)

/** Runs a program in a process of its own and returns what it prints. */
function inProcess(program, type = 'module') {
  const { stdout } = spawnSync(process.execPath, [`--input-type=${type}`, '-e', program])
  return String(stdout).trim()
}

const isLoaded = "console.log(Symbol.for('undici.globalDispatcher.1') in globalThis)"
console.log("import 'node:http' loads undici:", inProcess(`import 'node:http'; ${isLoaded}`))
console.log(
  "require('node:http') does:",
  inProcess(`require('node:http'); ${isLoaded}`, 'commonjs'),
)

const load = `const from = process.cpuUsage(); void globalThis.CloseEvent
const { user, system } = process.cpuUsage(from); console.log((user + system) / 1000)`
const times = Array.from({ length: runs }, () => Number(inProcess(load))).toSorted((a, b) => a - b)
console.log(`loading it, ms CPU: min ${times[0]}, median ${times[times.length >> 1]}`)

const http = process.getBuiltinModule('node:http')
let opened = 0
const server = http.createServer(() => {})
server.on('connection', (socket) => {
  opened += 1
  socket.on('error', () => {})
})
await new Promise((done) => {
  server.listen(0, '127.0.0.1', done)
})
const controller = new AbortController()
const sent = fetch(`http://127.0.0.1:${server.address().port}`, { signal: controller.signal })
server.once('request', () => controller.abort())
await sent.catch(() => {})
await new Promise((done) => {
  setTimeout(done, 200)
})
console.log('connections for one request that was aborted:', opened)
server.closeAllConnections()
server.close()

const { Agent, setGlobalDispatcher } = createRequire(import.meta.url)('undici')
setGlobalDispatcher(new Agent())
const composed = globalThis[FIRST].compose(
  (dispatch) => (options, handler) => dispatch(options, handler),
)
try {
  await composed.close()
  console.log('close() of what compose() made of the legacy dispatcher: works')
} catch (error) {
  console.log('close() of what compose() made of the legacy dispatcher:', error.message)
}
