/**
 * Loads projects in a fresh process and prints what each shows as one line of JSON.
 *
 * Arguments: `somon` or `node`, then the folders of the projects.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ModuleSystem } from '../../../src/system/module-system.ts'
import { entryOf } from './project.ts'
import { observationOf, type Observation } from './observation.ts'

type Namespace = Readonly<Record<string, unknown>>

const [way, ...folders] = process.argv.slice(2)
for (const folder of folders) {
  const observation =
    way === 'node' ? await observeNatively(folder) : await observeWithSomon(folder)
  process.stdout.write(`${JSON.stringify(observation)}\n`)
}

function observeNatively(folder: string): Promise<Observation> {
  const url = pathToFileURL(join(folder, entryOf(folder))).href
  return observationOf(folder, async () => (await import(url)) as Namespace)
}

async function observeWithSomon(folder: string): Promise<Observation> {
  await using system = new ModuleSystem({ ...(await settingsOf(folder)), root: folder })
  return await observationOf(folder, async () => {
    const module = await system.load<Namespace>(`./${entryOf(folder)}`)
    return module.exports
  })
}

/** Projects that need a plugin or a setting export it from `settings.ts`. */
async function settingsOf(folder: string): Promise<object> {
  const file = join(folder, 'settings.ts')
  if (!existsSync(file)) return {}
  const { settings } = (await import(pathToFileURL(file).href)) as { settings: object }
  return settings
}
