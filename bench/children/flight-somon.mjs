import { ModuleSystem } from '../../dist/index.js'
import { probe } from './probes.mjs'
import { report } from './report.mjs'

const [entry, name, root, callers] = process.argv.slice(2)

await using system = new ModuleSystem({ root })
const started = performance.now()
const modules = await Promise.all(Array.from({ length: Number(callers) }, () => system.load(entry)))
const loadMs = performance.now() - started
if (new Set(modules).size !== 1) throw new Error('the callers got different modules')

report(probe(name, modules[0].exports), { loadMs, builds: system.stats().bundler.entriesBuilt })
