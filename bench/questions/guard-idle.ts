import { reportedProof } from '../harness/child-report.ts'
import { childScript } from '../harness/paths.ts'
import type { MacroCase, Question } from '../harness/question.ts'

const CASES = ['never called', 'has been open'] as const
/** The first one decides whether a run is valid: bytes of opossum differ from run to run. */
const VARIANTS = ['cockatiel', 'opossum', 'somon'] as const

export const guardIdle: Question = {
  name: 'guard-idle',
  version: 1,
  title: 'What do 10,000 guards cost while nobody calls them?',
  isolates:
    'a fresh process makes 10,000 guards, waits 30 s, then drops them without ending them. Heap, external memory and array buffers before and after each step, after eight collections; CPU of the 30 s as a share of one core; timers that each has started.',
  on: 'one hub and one nesting for all, as a system has them. In the second case each circuit was opened and closed by hand.',
  doesNotShow: 'guards with calls; RSS.',
  packages: ['opossum', 'cockatiel'],
  maxPairs: 3,
  metrics: [
    { name: 'bytesEach', unit: 'bytes' },
    { name: 'cpuShare', unit: 'share' },
    { name: 'leftEach', unit: 'bytes' },
    { name: 'timersEach', unit: 'count' },
  ],
  targets: [
    {
      ...{ case: 'never called', variant: 'somon', metric: 'bytesEach', sense: 'at most' },
      ...{ limit: 2048, of: 'value', gate: true },
    },
    {
      ...{ case: 'has been open', variant: 'somon', metric: 'bytesEach', sense: 'at most' },
      ...{ limit: 8192, of: 'value', gate: true },
    },
    ...CASES.flatMap((name) => [
      {
        ...{ case: name, variant: 'somon', metric: 'cpuShare', sense: 'at most' as const },
        ...{ limit: 0.01, of: 'value' as const },
      },
      {
        ...{ case: name, variant: 'somon', metric: 'leftEach', sense: 'at most' as const },
        ...{ limit: 100, of: 'value' as const, gate: true },
      },
      {
        ...{ case: name, variant: 'somon', metric: 'timersEach', sense: 'at most' as const },
        ...{ limit: 0, of: 'value' as const, gate: true },
      },
    ]),
  ],
  cases: async () => CASES.map(caseOf),
}

function caseOf(name: (typeof CASES)[number]): MacroCase {
  return {
    kind: 'macro',
    name,
    variants: VARIANTS.map((variant) => ({
      name: variant,
      command: {
        argv: [process.execPath, '--expose-gc', childScript('guard-idle.mjs'), variant, name],
      },
      prove: reportedProof,
    })),
  }
}
