import { setTimeout as sleep } from 'node:timers/promises'
import { ModuleSystem } from '../../dist/index.js'
import { probe } from './probes.mjs'
import { report } from './report.mjs'

const [entry, name, root, expectation] = process.argv.slice(2)

await using system = new ModuleSystem({ root })
const module = await system.load(entry)
const { bundler } = system.stats()
if (expectation === 'from-disk' && (bundler.builds > 0 || bundler.servicePid !== undefined)) {
  throw new Error(`esbuild was started: ${JSON.stringify(bundler)}`)
}
report(probe(name, module.exports))
// The code cache is made two seconds after the load: a service lives that long.
if (expectation === 'prime') await sleep(4000)
