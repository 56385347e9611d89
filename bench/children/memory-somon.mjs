import { ModuleSystem } from '../../dist/index.js'
import { measureModules, writeComponents } from './memory-project.mjs'

const { home, entries } = writeComponents(process.argv[2], 'ts')
await using system = new ModuleSystem({ root: home })

await measureModules(entries, async () => {
  const modules = await Promise.all(entries.map((entry) => system.load(entry)))
  return modules.map((module) => module.exports)
})
