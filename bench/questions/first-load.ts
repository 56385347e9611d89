import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { reportedProof } from '../harness/child-report.ts'
import { childScript } from '../harness/paths.ts'
import type { MacroCase, Question, Target } from '../harness/question.ts'
import { place, removeAll, requireBuild } from '../products.ts'

export const firstLoad: Question = {
  name: 'first-load',
  version: 2,
  title: 'How long does the first small module of a process take?',
  isolates:
    'a fresh process with an empty cache loads a TypeScript file of two lines: from its start to the answer, against a program that answers at once.',
  on: 'manifests, disk cache writes, ledger, events, error mapping: the defaults of `new ModuleSystem()`.',
  doesNotShow: 'larger entries (cold-load has them), a cold page cache, the end of the process.',
  packages: ['esbuild'],
  metrics: [
    { name: 'cpuMs', unit: 'ms' },
    { name: 'answerMs', unit: 'ms', wall: true },
    { name: 'wallMs', unit: 'ms', wall: true },
  ],
  targets: [beyondNode('answerMs')],
  cases: async () => {
    requireBuild()
    return [await smallModule()]
  },
}

function beyondNode(metric: string): Target {
  const bound = { sense: 'at most', limit: 50, of: 'difference', against: 'node' } as const
  return { ...bound, case: 'two lines', variant: 'somon', metric }
}

async function smallModule(): Promise<MacroCase> {
  const project = place('first-load', 'project')
  const cache = place('first-load', 'cache')
  await mkdir(project, { recursive: true })
  await writeFile(join(project, 'package.json'), '{ "name": "small", "type": "module" }')
  await writeFile(
    join(project, 'main.ts'),
    'interface Greeting { readonly to: string; readonly text: string }\n' +
      "export const greet = (to: string): Greeting => ({ to, text: 'hello' })\n",
  )
  return {
    kind: 'macro',
    name: 'two lines',
    variants: [
      {
        name: 'node',
        command: { argv: [process.execPath, childScript('first-load-node.mjs')] },
        prove: reportedProof,
      },
      {
        name: 'somon',
        command: {
          argv: [process.execPath, childScript('first-load-somon.mjs'), project],
          env: { SOMON_CACHE_DIR: cache },
        },
        reset: () => removeAll(cache),
        prove: reportedProof,
      },
    ],
  }
}
