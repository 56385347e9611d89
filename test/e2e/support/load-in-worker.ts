/** Loads `main.ts` of the project in `workerData` and posts what it exports and how a fault reads. */
import { parentPort, workerData } from 'node:worker_threads'
import { ModuleSystem } from '../../../src/system/module-system.ts'

const root = workerData as string
await using system = new ModuleSystem({ root, loading: { sourceMaps: 'eager' } })
const { exports } = await system.load<{ n: number; fail: () => never }>('./main.ts')
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
parentPort?.postMessage({ n: exports.n, stack: stackOf(exports.fail) })

function stackOf(run: () => never): string | undefined {
  try {
    return run()
  } catch (error) {
    return (error as Error).stack?.split('\n')[1]
  }
}
