import { createJiti } from 'jiti'
import { jitiReloadOptions } from '../peers/jiti.mjs'
import { measureRetention, writeModule } from './retention-project.mjs'

const { entry } = writeModule()
const jiti = createJiti(import.meta.url, jitiReloadOptions)

await measureRetention(() => jiti.import(entry))
