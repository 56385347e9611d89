import { reportedProof } from '../harness/child-report.ts'
import { childScript } from '../harness/paths.ts'
import {
  EACH_CASE,
  GEOMETRIC_MEAN,
  type MacroCase,
  type Question,
  type Target,
} from '../harness/question.ts'
import { inputsS4, type Input } from '../inputs.ts'
import { place, removeAll, requireBuild } from '../products.ts'

export const coldLoad: Question = {
  name: 'cold-load',
  version: 1,
  title: 'What does it cost to load a TypeScript package for the first time?',
  isolates:
    'a fresh process with an empty cache folder loads one package of S4 and uses it once; CPU of the whole process tree. Every variant answers the same probe with as many exports.',
  on: 'manifests, disk cache writes, ledger, events, error mapping: the defaults of `new ModuleSystem()`.',
  doesNotShow: 'packages that stay external (their import is Node’s own), a cold page cache.',
  packages: ['esbuild', 'tsx', 'vite', 'jiti', 'zod', 'openai', 'rxjs', '@anthropic-ai/sdk'],
  metrics: [
    { name: 'cpuMs', unit: 'ms' },
    { name: 'wallMs', unit: 'ms', wall: true },
  ],
  targets: [
    ...limits('tsx', { mean: 0.3, single: 0.7 }),
    ...limits('Vite', { mean: 0.25, single: 0.35 }),
    ...limits('jiti', { mean: 0.1, single: 0.12 }),
  ],
  cases: async () => {
    requireBuild()
    return (await inputsS4()).map(caseOf)
  },
}

function limits(against: string, limit: { mean: number; single: number }): Target[] {
  const base = {
    variant: 'somon',
    metric: 'cpuMs',
    sense: 'at most',
    of: 'ratio',
    against,
  } as const
  return [
    { ...base, case: GEOMETRIC_MEAN, limit: limit.mean, gate: true },
    { ...base, case: EACH_CASE, limit: limit.single, gate: true },
  ]
}

function caseOf({ name, entry, folder }: Input): MacroCase {
  const cache = place('cold-load', name, 'cache')
  const node = process.execPath
  return {
    kind: 'macro',
    name,
    variants: [
      {
        name: 'tsx',
        command: {
          argv: [node, '--import', 'tsx', childScript('load-native.mjs'), entry, name],
          env: { TSX_DISABLE_CACHE: '1' },
        },
        prove: reportedProof,
      },
      {
        name: 'Vite',
        command: { argv: [node, childScript('load-vite.mjs'), entry, name, folder] },
        prove: reportedProof,
      },
      {
        name: 'jiti',
        command: { argv: [node, childScript('load-jiti.mjs'), entry, name] },
        prove: reportedProof,
      },
      {
        name: 'somon',
        command: {
          argv: [node, childScript('load-somon.mjs'), entry, name, folder],
          env: { SOMON_CACHE_DIR: cache },
        },
        reset: () => removeAll(cache),
        prove: reportedProof,
      },
    ],
  }
}
