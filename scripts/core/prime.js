// Loads an entry as every start does, from a disk cache that the first of two runs has filled; the
// second stores what V8 has compiled by then. Run by the build:
// node prime.js <dist> <folder with entry.ts>
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const [dist, root] = process.argv.slice(2)
const isFilled = existsSync(join(root, 'cache'))
process.env.SOMON_CACHE_DIR = join(root, 'cache')

const { ModuleSystem, 'somon:script': script } = await import(join(dist, 'index.js'))
const system = new ModuleSystem({ root })
await system.load('./entry.ts')
await system.shutdown()
if (isFilled) {
  const name = `core.${process.versions.v8}.${process.arch}.cache`
  writeFileSync(join(dist, 'chunks', name), script.createCachedData())
}
