// Loads an entry as every start does, and stores what V8 has compiled by then. The first of three
// runs fills the disk cache, so the code cache of the build's script is made then; that of the core
// is made by the others, which start from a valid cache: the last need hash nothing. Run by the build:
// node prime.js <dist> <folder with entry.ts>
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const [dist, root] = process.argv.slice(2)
const isFilled = existsSync(join(root, 'cache'))
process.env.SOMON_CACHE_DIR = join(root, 'cache')

const { ModuleSystem } = await import(join(dist, 'index.js'))
const { scripts } = await import(join(dist, 'boot.js'))
const system = new ModuleSystem({ root })
// A start needs little of the core, and what its code cache holds is read by every start.
await system.load('./other.ts')
if (!isFilled) await system.load('./entry.ts')
await system.shutdown()
for (const [name, script] of scripts) {
  if ((name === 'core') !== isFilled) continue
  const file = `${name}.${process.versions.v8}.${process.arch}.cache`
  writeFileSync(join(dist, 'chunks', file), script.createCachedData())
}
