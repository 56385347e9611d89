// Run with `--import tsx`: a query makes Node's loader take a module anew, tsx compiles it.
import { pathToFileURL } from 'node:url'
import { measureRetention, writeModule } from './retention-project.mjs'

const { entry } = writeModule()
let number = 0

await measureRetention(() => {
  number += 1
  return import(`${pathToFileURL(entry).href}?v=${number}`)
})
