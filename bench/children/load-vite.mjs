import { runnerImport } from 'vite'
import { viteConfig } from '../peers/vite.mjs'
import { probe } from './probes.mjs'
import { report } from './report.mjs'

const [entry, name, root] = process.argv.slice(2)
const { module } = await runnerImport(entry, viteConfig(root))

report(probe(name, module))
