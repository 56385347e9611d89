import { reportedProof } from '../harness/child-report.ts'
import { childScript } from '../harness/paths.ts'
import type { MacroVariant, Question } from '../harness/question.ts'
import { inputsS4 } from '../inputs.ts'
import { place, removeAll, requireBuild } from '../products.ts'

const MANY = '1,000 loads'

export const singleFlight: Question = {
  name: 'single-flight',
  version: 1,
  title: 'Do a thousand callers of one cold entry share one effort?',
  isolates:
    '1,000 concurrent `load()` calls of one entry in a fresh process with an empty cache, against one call: builds as the bundler counts them, and the time until every caller has its module.',
  on: 'the defaults of `new ModuleSystem()`.',
  doesNotShow: 'callers that abort (test/base/single-flight.test.ts does).',
  packages: ['esbuild', 'zod'],
  metrics: [
    { name: 'cpuMs', unit: 'ms' },
    { name: 'builds', unit: 'count' },
    { name: 'loadMs', unit: 'ms', wall: true },
  ],
  targets: [
    {
      case: 'zod',
      variant: MANY,
      metric: 'builds',
      sense: 'at most',
      limit: 1,
      of: 'value',
      gate: true,
    },
    {
      case: 'zod',
      variant: MANY,
      metric: 'loadMs',
      sense: 'at most',
      limit: 1.2,
      of: 'ratio',
      against: 'one load',
    },
  ],
  cases: async () => {
    requireBuild()
    const input = (await inputsS4()).find(({ name }) => name === 'zod')
    if (input === undefined) throw new Error('Cannot find the sources of zod')
    const variant = (name: string, callers: number): MacroVariant => {
      const cache = place('single-flight', String(callers))
      return {
        name,
        command: {
          argv: [
            process.execPath,
            childScript('flight-somon.mjs'),
            input.entry,
            input.name,
            input.folder,
            String(callers),
          ],
          env: { SOMON_CACHE_DIR: cache },
        },
        reset: () => removeAll(cache),
        prove: reportedProof,
      }
    }
    return [{ kind: 'macro', name: 'zod', variants: [variant('one load', 1), variant(MANY, 1000)] }]
  },
}
