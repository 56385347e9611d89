// What 10,000 guards cost that nobody calls: needs --expose-gc.
import { createHook } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { manyGuards } from '../guards.ts'
import { heapBytes } from './heap.mjs'
import { report } from './report.mjs'

const COUNT = 10_000
const IDLE_MS = 30_000
const FIRST = 100
const [, , kind, state] = process.argv

const make = manyGuards(kind)
const opened = state === 'has been open'
// The first ones load code and fill caches; and they tell how many timers each has.
const timers = await timersDuring(() => make(FIRST, opened))
const before = await heapBytes()
let guards = make(COUNT, opened)
const held = await heapBytes()
const cpu = process.cpuUsage()
await sleep(IDLE_MS)
const { user, system } = process.cpuUsage(cpu)
const made = guards.length
guards = undefined
const left = await heapBytes()
report(made, {
  bytesEach: (held - before) / COUNT,
  cpuShare: (user + system) / 1000 / IDLE_MS,
  leftEach: Math.max(0, left - before) / COUNT,
  timersEach: timers / FIRST,
})
// What a dropped guard has left behind must not keep the process.
process.exit()

/** Timers that keep no process alive count too, so no list of resources will do. */
async function timersDuring(run) {
  const running = new Set()
  const hook = createHook({
    init: (id, type) => {
      if (type === 'Timeout') running.add(id)
    },
    destroy: (id) => running.delete(id),
  }).enable()
  const first = run()
  // The end of a timer is told some turns later.
  for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate)
  hook.disable()
  return first.length > 0 ? running.size : NaN
}
