// Synchronous file access against promises: stat, and read plus hash, for small files.
// Usage: node docs/notes/measure/file-reads.js [files]
import { createHash } from 'node:crypto'
import {
  mkdtempSync,
  promises,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const count = Number(process.argv[2] ?? 2000)
const folder = mkdtempSync(join(tmpdir(), 'somon-note-'))
const files = Array.from({ length: count }, (_, at) => join(folder, `${at}.ts`))
for (const file of files) writeFileSync(file, 'export const value = 1\n'.repeat(40))
const hash = (bytes) => createHash('sha256').update(bytes).digest('hex')
const ways = {
  statSync: () => files.forEach((file) => statSync(file)),
  'promises.stat': async () => {
    for (const file of files) await promises.stat(file)
  },
  'promises.stat, all at once': () => Promise.all(files.map((file) => promises.stat(file))),
  'readFileSync and sha256': () => files.forEach((file) => hash(readFileSync(file))),
  'promises.readFile and sha256': async () => {
    for (const file of files) hash(await promises.readFile(file))
  },
  'promises.readFile and sha256, all at once': () =>
    Promise.all(files.map(async (file) => hash(await promises.readFile(file)))),
  'readlinkSync of a file': () => {
    for (const file of files) {
      try {
        readlinkSync(file)
      } catch {
        // Every one of them fails: none is a link.
      }
    }
  },
}
console.log(
  `Node ${process.version}, ${count} files of 0.9 KB in the page cache, best of 7, µs a file`,
)
for (const [name, way] of Object.entries(ways)) {
  const times = []
  for (let run = 0; run < 7; run += 1) {
    const started = process.hrtime.bigint()
    await way()
    times.push(Number(process.hrtime.bigint() - started) / 1000 / count)
  }
  console.log(`${name}: ${Math.min(...times).toFixed(1)}`)
}
rmSync(folder, { recursive: true })
