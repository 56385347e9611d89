/**
 * Imports packages one after the other by Node itself, which the test runner's `import()` is not
 * quite, and prints what came of each as one line of JSON.
 */
import { writeFileSync } from 'node:fs'
import { codeOf, messageOf } from '../../../src/base/error.ts'
import { createRig } from './evaluator.ts'
import type { ImportStep } from './import-in-node.ts'
import { importing } from './importing.ts'

const [root = '', steps = '[]'] = process.argv.slice(2)
using rig = createRig(root)
const results: unknown[] = []
for (const { spec, sync = false, write } of JSON.parse(steps) as ImportStep[]) {
  if (write !== undefined) writeFileSync(write.file, write.text)
  try {
    const generation = rig.evaluator.instantiate({
      ...{ artifact: importing({ spec }), number: 1, reloadable: true },
    })
    if (sync) rig.evaluator.bindImportsSync(generation)
    else await rig.evaluator.bindImports(generation)
    await rig.evaluator.execute(generation)
    results.push({ ...(generation.namespace.dep as object) })
  } catch (error) {
    const { cause } = error as Error
    results.push({ code: codeOf(error), cause: messageOf(cause).split('\n', 1)[0] })
  }
}
// What Node throws outside of any import would end the process in a turn of its own.
await new Promise((resolve) => {
  setImmediate(resolve)
})
process.stdout.write(`${JSON.stringify(results)}\n`)
