import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from '../harness/paths.ts'
import type { MicroCase, Question } from '../harness/question.ts'
import { place, removeAll, requireBuild } from '../products.ts'
import type { ModuleSystemApi } from '../../src/system/module-system-api.ts'

const ENTRIES = 1000

export const warmLoad: Question = {
  name: 'warm-load',
  version: 1,
  title: 'What does `load()` of a module that is already loaded cost?',
  isolates:
    'one process with 1,000 loaded entries; sequential awaits over all of them, no watcher event pending; against awaiting a promise out of a Map.',
  on: 'everything `load()` does for a caller: state checks, counters, the histogram of load times.',
  doesNotShow: 'concurrent callers; loads while a reload is under way.',
  packages: ['esbuild'],
  metrics: [{ name: 'nsPerCall', unit: 'ns' }],
  targets: [
    {
      case: 'warm',
      variant: 'somon',
      metric: 'nsPerCall',
      sense: 'at most',
      limit: 1000,
      of: 'value',
    },
    {
      case: 'warm',
      variant: 'somon',
      metric: 'nsPerCall',
      sense: 'at most',
      limit: 1.2,
      of: 'ratio',
      against: 'await map.get(key).promise',
      gate: true,
    },
  ],
  cases: async () => [await warmCase()],
}

async function warmCase(): Promise<MicroCase> {
  requireBuild()
  const folder = place('warm-load')
  const names = await writeEntries(folder)
  const system = await openSystem(folder)
  const modules = await Promise.all(names.map((name) => system.load(name)))
  const map = new Map(names.map((name, i) => [name, { promise: Promise.resolve(modules[i]) }]))
  return {
    kind: 'micro',
    name: 'warm',
    variants: [
      {
        name: 'await map.get(key).promise',
        run: async (count) => {
          for (let i = 0; i < count; i += 1) await map.get(names[i % ENTRIES] ?? '')?.promise
        },
        prove: async () =>
          sumOf(await Promise.all([...map.values()].map(({ promise }) => promise))),
      },
      {
        name: 'somon',
        run: async (count) => {
          for (let i = 0; i < count; i += 1) await system.load(names[i % ENTRIES] ?? '')
        },
        prove: async () => sumOf(await Promise.all(names.map((name) => system.load(name)))),
      },
    ],
    close: async () => {
      await system.shutdown()
    },
  }
}

async function writeEntries(folder: string): Promise<string[]> {
  await removeAll(folder)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  const names = Array.from({ length: ENTRIES }, (_, i) => `./entry-${i}.ts`)
  for (const [i, name] of names.entries()) {
    await writeFile(join(folder, name), `export const id: number = ${i}\n`)
  }
  return names
}

/** The measured system is the built one, as a user would import it. */
async function openSystem(folder: string): Promise<ModuleSystemApi> {
  const url = new URL(`file://${join(root, 'dist/index.js')}`).href
  const { ModuleSystem } = (await import(url)) as {
    ModuleSystem: new (options: object) => ModuleSystemApi
  }
  return new ModuleSystem({ root: folder, cache: { disk: { mode: 'off' } } })
}

function sumOf(modules: readonly ({ readonly exports: unknown } | undefined)[]): string {
  const ids = modules.map((module) => (module?.exports as { id: number } | undefined)?.id ?? -1)
  return String(ids.reduce((sum, id) => sum + id, 0))
}
