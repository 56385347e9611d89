// Memory that is really held: needs --expose-gc.
import { setTimeout as sleep } from 'node:timers/promises'

const COLLECTIONS = 8

/** Collects until finalizers have run, then adds heap, external memory and array buffers. */
export async function heapBytes() {
  for (let i = 0; i < COLLECTIONS; i += 1) {
    globalThis.gc()
    await sleep(20)
  }
  const { heapUsed, external, arrayBuffers } = process.memoryUsage()
  return heapUsed + external + arrayBuffers
}
