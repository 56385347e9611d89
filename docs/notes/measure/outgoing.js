// How calls and dials end that are refused or given up from outside: node docs/notes/measure/outgoing.js
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { Agent, createServer as createHttp, request as begin } from 'node:http'
import { connect, createServer } from 'node:net'

const turn = (ms = 50) => new Promise((resolve) => setTimeout(resolve, ms))
const nameOf = (error) => error?.code ?? error?.message
process.on('uncaughtException', (error) => console.log('  uncaught:', nameOf(error)))

let accepted = 0
const sink = createServer((socket) => {
  accepted += 1
  socket.on('error', () => {})
}).listen(0, '127.0.0.1')
await once(sink, 'listening')

/** Dials while each `connectionAttempt` is answered with `act`. */
async function dial(title, act) {
  const onDial = ({ socket }) => socket.once('connectionAttempt', () => act(socket))
  accepted = 0
  subscribe('net.client.socket', onDial)
  const socket = connect(sink.address().port, '127.0.0.1')
  const [error] = await Promise.race([once(socket, 'error'), turn().then(() => [])]).catch((e) => [
    e,
  ])
  unsubscribe('net.client.socket', onDial)
  socket.destroy()
  await turn()
  console.log(`  ${title}: ${nameOf(error) ?? 'no error'}, ${accepted} accepted`)
}

const refused = () => Object.assign(new Error('refused'), { code: 'REFUSED' })
console.log('a dial refused in connectionAttempt')
await dial('destroyed at once', (socket) => socket.destroy(refused()))
await dial('destroyed in a microtask', (socket) => queueMicrotask(() => socket.destroy(refused())))
await dial('the handle answers ECANCELED', (socket) => {
  socket._handle.connect = () => {
    socket.destroy(refused())
    return -125
  }
})
sink.close()

const server = createHttp((incoming, response) => {
  if (incoming.url === '/hang') return
  response.writeHead(200, { 'content-length': 9 }).write('x')
  if (incoming.url === '/cut') setTimeout(() => incoming.socket.end(), 20)
}).listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address()

/** Reads a body up to its end, and says what can be seen of how it ended. */
async function body(title, path, act) {
  const request = begin({ port, path, agent: false }).on('error', () => {})
  request.end()
  const [response] = await once(request, 'response')
  response.on('error', () => {}).resume()
  act(request, response)
  await new Promise((resolve) => response.once('close', resolve))
  const { errored, complete, socket } = response
  console.log(
    `  ${title}: errored ${nameOf(errored) ?? 'no'}, complete ${complete}, ended by server ${socket.readableEnded}`,
  )
}

console.log('a body that is not read to its end')
await body('cut by the server', '/cut', () => {})
await body('request.destroy()', '/', (request) => request.destroy())
await body('response.destroy()', '/', (_, response) => response.destroy())
await body('response.destroy(error)', '/', (_, response) => response.destroy(refused()))

console.log('a request destroyed while it waits for a socket of its agent')
const agent = new Agent({ maxSockets: 1 })
const first = begin({ port, path: '/hang', agent }).on('error', () => {})
first.end()
const second = begin({ port, path: '/', agent }).on('error', () => {
  console.log(`  it tells its error ${first.destroyed ? 'when the first has ended' : 'at once'}`)
})
second.end()
await turn()
second.destroy(refused())
await turn()
first.destroy()
await new Promise((resolve) => second.once('close', resolve))
server.closeAllConnections()
server.close()
