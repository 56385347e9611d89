// What V8 does with code caches, with `await` outside of functions, and with a scope of our own.
// Usage: node --expose-gc --conditions=somon-source docs/notes/measure/v8.js
import { createRequire } from 'node:module'
import { Script } from 'node:vm'
import { ownTimers } from '../../../src/evaluate/timers.ts'

console.log(`Node ${process.version}, V8 ${process.versions.v8}`)

const cachedData = new Script('globalThis.ran = 1', { filename: 'a' }).createCachedData()
const other = new Script('globalThis.ran = 2', { filename: 'a', cachedData })
other.runInThisContext()
console.log(
  `code cache of another text of equal length: rejected ${other.cachedDataRejected}, ran ${globalThis.ran}`,
)

console.log(`"await [x]" in a function: ${compiles('(function(){ await [x] })')}`)
console.log(`"await [x]" in a static block: ${compiles('class _{static{ await [x] }}')}`)

const count = 2000
const kept = []
globalThis.gc()
const before = process.memoryUsage().heapUsed
for (let at = 0; at < count; at += 1) {
  kept.push(createRequire(`/project/src/m${at}.ts`), ownTimers(undefined))
}
globalThis.gc()
const bytes = (process.memoryUsage().heapUsed - before) / count
console.log(
  `a require and timers of a generation's own: ${bytes.toFixed(0)} bytes (${kept.length})`,
)

function compiles(text) {
  try {
    void new Script(text)
    return 'compiles'
  } catch (error) {
    return error.message
  }
}
