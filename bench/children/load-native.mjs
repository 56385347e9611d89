// Loads one module with the process' own import(): Node's, or that of a registered loader.
import { pathToFileURL } from 'node:url'
import { probe } from './probes.mjs'
import { report } from './report.mjs'

const [entry, name] = process.argv.slice(2)

report(probe(name, await import(pathToFileURL(entry).href)))
