import { createJiti } from 'jiti'
import { jitiReloadOptions } from '../peers/jiti.mjs'
import { measureReloads, writeProject } from './reload-project.mjs'

const { entry } = writeProject()
const jiti = createJiti(import.meta.url, jitiReloadOptions)
await jiti.import(entry)

await measureReloads(() => jiti.import(entry))
