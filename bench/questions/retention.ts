import { reportedProof } from '../harness/child-report.ts'
import { childScript } from '../harness/paths.ts'
import { EACH_CASE, type MacroCase, type MacroVariant, type Question } from '../harness/question.ts'
import { place, requireBuild } from '../products.ts'

const KINDS = ['commonjs', 'esm', 'top-level-await', 'timers', 'cycles'] as const
const RELOADS = 2000
const FLAGS = ['--expose-gc', '--no-compilation-cache'] as const

export const retention: Question = {
  name: 'retention',
  version: 1,
  title: 'What does a process keep of each reload?',
  isolates:
    '2,000 reloads of a 3 KB module after 50 that are not counted: heap, external memory and array buffers before and after, each after eight collections with pauses, divided by 2,000; and the share of old generations whose finalizer ran. V8’s compilation cache is off, because a forced collection does not age it.',
  on: 'ledger, drain, leak watch, source maps, events: as shipped.',
  doesNotShow: 'RSS that the allocator keeps; modules whose own code leaks.',
  packages: ['esbuild', 'vite', 'jiti', 'tsx'],
  maxPairs: 3,
  metrics: [
    { name: 'cpuMs', unit: 'ms' },
    { name: 'bytesPerReload', unit: 'bytes' },
    { name: 'collectedShare', unit: 'share' },
    { name: 'rssPerReload', unit: 'bytes' },
  ],
  targets: [
    {
      case: EACH_CASE,
      variant: 'somon',
      metric: 'bytesPerReload',
      sense: 'at most',
      limit: 1024,
      of: 'value',
    },
    {
      case: EACH_CASE,
      variant: 'somon',
      metric: 'collectedShare',
      sense: 'at least',
      limit: 0.99,
      of: 'value',
    },
  ],
  cases: async () => {
    requireBuild()
    return KINDS.map(caseOf)
  },
}

function caseOf(kind: (typeof KINDS)[number]): MacroCase {
  const variant = (name: string, script: string, ...flags: string[]): MacroVariant => ({
    name,
    command: {
      argv: [
        process.execPath,
        ...FLAGS,
        ...flags,
        childScript(script),
        place('retention', kind, name),
        kind,
        String(RELOADS),
      ],
      env: { SOMON_CACHE_DIR: place('retention', 'cache'), TSX_DISABLE_CACHE: '1' },
    },
    prove: reportedProof,
  })
  return {
    kind: 'macro',
    name: kind,
    variants: [
      variant('jiti', 'retention-jiti.mjs'),
      variant('Vite', 'retention-vite.mjs'),
      variant('tsx', 'retention-tsx.mjs', '--import', 'tsx'),
      variant('somon', 'retention-somon.mjs'),
    ],
  }
}
