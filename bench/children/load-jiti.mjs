import { createJiti } from 'jiti'
import { jitiOptions } from '../peers/jiti.mjs'
import { probe } from './probes.mjs'
import { report } from './report.mjs'

const [entry, name] = process.argv.slice(2)

report(probe(name, await createJiti(import.meta.url, jitiOptions).import(entry)))
