import { ModuleSystem } from '../../dist/index.js'
import { measureReloads, writeProject } from './reload-project.mjs'

const { folder, entry } = writeProject()
await using system = new ModuleSystem({ root: folder, cache: { disk: { mode: 'off' } } })
const module = await system.load(entry)

await measureReloads(async () => {
  const { outcome, error } = await module.reload()
  if (outcome !== 'reloaded') throw new Error(`${outcome}: ${error?.message}`)
  return module.exports
})
