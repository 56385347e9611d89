import { ModuleSystem } from '../../dist/index.js'
import { measureRetention, writeModule } from './retention-project.mjs'

const { folder, entry } = writeModule()
await using system = new ModuleSystem({ root: folder, cache: { disk: { mode: 'off' } } })
const module = await system.load(entry)
let last = Promise.resolve()

await measureRetention(
  async () => {
    const report = await module.reload()
    if (report.outcome !== 'reloaded')
      throw new Error(`${report.outcome}: ${report.error?.message}`)
    last = report.retired
    return module.exports
  },
  async () => {
    await last
  },
)
