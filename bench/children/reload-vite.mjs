import { measureReloads, writeProject } from './reload-project.mjs'
import { openVite } from './vite-reloader.mjs'

const { folder, entry } = writeProject()
const vite = await openVite(folder)
await vite.import(entry)

await measureReloads((file) => {
  vite.invalidate(file)
  return vite.import(entry)
})
await vite.close()
