import { reportedProof } from '../harness/child-report.ts'
import { childScript } from '../harness/paths.ts'
import type { MacroCase, MacroVariant, Question, Target } from '../harness/question.ts'
import { place, requireBuild } from '../products.ts'

interface Shape {
  readonly name: string
  readonly modules: number
  readonly edited: 'entry' | 'leaf'
  /** The `type` in package.json. */
  readonly type?: 'none'
}

const SHAPES: readonly Shape[] = [
  { name: '1 module', modules: 1, edited: 'entry' },
  { name: '20 modules, entry', modules: 20, edited: 'entry' },
  { name: '20 modules, leaf', modules: 20, edited: 'leaf' },
  { name: '100 modules, entry', modules: 100, edited: 'entry' },
  { name: '100 modules, leaf', modules: 100, edited: 'leaf' },
  { name: '100 modules, entry, no type', modules: 100, edited: 'entry', type: 'none' },
]

export const reload: Question = {
  name: 'reload',
  version: 2,
  title: 'How long is it from a written file to the first call that the new code answers?',
  isolates:
    'one process reloads one entry 60 times, after 20 times that are not counted; from the finished write to the first answer; `reload()` is called directly, so the delay of a watcher is not in it. jiti, which evaluates everything again, takes 0.75 s at 100 modules and is asked up to 20 only. package.json says `"type": "module"`, below which esbuild 0.28 parses every file again; the last case has no `type`. A sample is the median (p50) or the 99th percentile (p99) of one process.',
  on: 'build contexts of hot entries, manifests, ledger, drain, leak watch, events: as shipped.',
  doesNotShow: 'the watcher, other components in the process, native modules.',
  packages: ['esbuild', 'vite', 'jiti'],
  metrics: [
    { name: 'cpuMs', unit: 'ms' },
    { name: 'p50', unit: 'ms', wall: true },
    { name: 'p99', unit: 'ms', wall: true },
  ],
  targets: [
    value('1 module', 2),
    value('100 modules, entry', 15),
    value('100 modules, leaf', 15),
    ratio('1 module', 'Vite', 0.6),
    ratio('1 module', 'jiti', 0.25),
    ratio('100 modules, entry', 'Vite', 2),
    ratio('100 modules, leaf', 'Vite', 2),
  ],
  cases: async () => {
    requireBuild()
    return SHAPES.map(caseOf)
  },
}

function value(name: string, limit: number): Target {
  return { case: name, variant: 'somon', metric: 'p50', sense: 'at most', limit, of: 'value' }
}

function ratio(name: string, against: string, limit: number): Target {
  return { ...value(name, limit), of: 'ratio', against, gate: true }
}

function caseOf(shape: Shape): MacroCase {
  const variant = (name: string, script: string): MacroVariant => ({
    name,
    command: {
      argv: [
        process.execPath,
        childScript(script),
        place('reload', shape.name.replaceAll(/[^a-z0-9]+/g, '-'), name),
        String(shape.modules),
        shape.edited,
        shape.type ?? 'module',
      ],
      env: { SOMON_CACHE_DIR: place('reload', 'cache') },
    },
    prove: reportedProof,
  })
  return {
    kind: 'macro',
    name: shape.name,
    variants: [
      variant('Vite', 'reload-vite.mjs'),
      ...(shape.modules <= 20 ? [variant('jiti', 'reload-jiti.mjs')] : []),
      variant('somon', 'reload-somon.mjs'),
    ],
  }
}
