import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server in a process of its own answers while the one that asks stands still. */
const ANSWER_MS = 50

const server = createServer((_request, response) => {
  setTimeout(() => response.end('well'), ANSWER_MS)
})
server.listen(0, '127.0.0.1', () => {
  process.send?.((server.address() as AddressInfo).port)
})
process.once('disconnect', () => process.exit())
