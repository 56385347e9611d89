// What one guarded call allocates: needs --expose-gc and a semi-space that holds all of it.
import { cockatielGuard, opossumGuard, somonGuard } from '../guards.ts'
import { report } from './report.mjs'

const task = async () => 1
const GUARDS = {
  bare: () => ({ call: task }),
  opossum: () => opossumGuard(task),
  cockatiel: () => cockatielGuard(task),
  somon: () => somonGuard(task),
}
const WARM_UP = 20_000
const CALLS = 20_000
const ROUNDS = 10

const guarded = GUARDS[process.argv[2]]()
let sum = 0
for (let at = 0; at < WARM_UP; at += 1) sum += await guarded.call()
let bytes = 0
for (let round = 0; round < ROUNDS; round += 1) {
  globalThis.gc()
  const before = process.memoryUsage().heapUsed
  for (let at = 0; at < CALLS; at += 1) sum += await guarded.call()
  bytes += process.memoryUsage().heapUsed - before
}
guarded.end?.()
report(sum, { bytesPerCall: bytes / CALLS / ROUNDS })
