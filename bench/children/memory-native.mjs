import { pathToFileURL } from 'node:url'
import { measureModules, writeComponents } from './memory-project.mjs'

const { entries } = writeComponents(process.argv[2], 'js')

await measureModules(entries, async () => {
  const modules = []
  for (const entry of entries) modules.push(await import(pathToFileURL(entry).href))
  return modules
})
