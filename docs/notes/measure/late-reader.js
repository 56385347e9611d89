// Counts how often the body of a fetch gives nothing to a reader that begins late: 40 answers of
// 32 MB, each read once the server has sent all of it. No guard and no somon is involved.
// Run it on a busy machine: node docs/notes/measure/late-reader.js
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'

const CHUNKS = 500
const CHUNK_BYTES = 64 * 1024
const TRIALS = 40

let stalled = 0
for (let trial = 0; trial < TRIALS; trial += 1) if (await stalls()) stalled += 1
console.log(`${stalled} of ${TRIALS} late readers got nothing`)

async function stalls() {
  let sent = 0
  const server = createServer((_request, response) => {
    const chunks = Array.from({ length: CHUNKS }, () => Buffer.alloc(CHUNK_BYTES))
    Readable.from(chunks)
      .on('data', () => (sent += 1))
      .pipe(response, { end: false })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { body } = await fetch(`http://127.0.0.1:${server.address().port}`)
  for (let last = -1, times = 0; times <= 10; last = sent) {
    times = sent === last ? times + 1 : 0
    await delay(10)
  }
  let total = 0
  const reading = (async () => {
    for await (const chunk of body) total += chunk.byteLength
  })().catch(() => {})
  for (let waited = 0; waited < 200 && total < CHUNKS * CHUNK_BYTES; waited += 1) await delay(20)
  server.closeAllConnections()
  server.close()
  await reading
  return total === 0
}
