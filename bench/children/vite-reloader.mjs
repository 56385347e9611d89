// Imports through Vite's module runner; a changed file and its importers are evaluated again.
import { createServer, createServerModuleRunner } from 'vite'
import { viteServerConfig } from '../peers/vite.mjs'

export async function openVite(root) {
  const server = await createServer(viteServerConfig(root))
  const environment = server.environments.ssr
  const runner = createServerModuleRunner(environment, { hmr: false })
  return {
    import: (entry) => runner.import(entry),
    invalidate(file) {
      environment.moduleGraph.onFileChange(file)
      const queue = [...(runner.evaluatedModules.getModulesByFile(file) ?? [])]
      const seen = new Set()
      for (const node of queue) {
        if (seen.has(node)) continue
        seen.add(node)
        for (const importer of node.importers) {
          const parent = runner.evaluatedModules.getModuleById(importer)
          if (parent) queue.push(parent)
        }
        runner.evaluatedModules.invalidateModule(node)
      }
    },
    async close() {
      await runner.close()
      await server.close()
    },
  }
}
