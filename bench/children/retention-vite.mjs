import { measureRetention, writeModule } from './retention-project.mjs'
import { openVite } from './vite-reloader.mjs'

const { folder, entry } = writeModule()
const vite = await openVite(folder)

await measureRetention((file) => {
  vite.invalidate(file)
  return vite.import(entry)
})
await vite.close()
