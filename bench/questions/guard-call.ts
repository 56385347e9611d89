import { cockatielGuard, opossumGuard, somonGuard, warmUp, type Guarded } from '../guards.ts'
import { childScript } from '../harness/paths.ts'
import { reportedProof } from '../harness/child-report.ts'
import type { MacroCase, MicroCase, MicroVariant, Question } from '../harness/question.ts'

const task = async (): Promise<number> => 1
const BYTES_CASE = 'bytes of a call'

export const guardCall: Question = {
  name: 'guard-call',
  version: 1,
  title: 'What does a guard add to a call that succeeds?',
  isolates:
    '`async () => 1` awaited in sequence, the breaker closed, a timeout of 10 s; one process, sources instead of the build as long as no system makes guards. Bytes: what 200,000 calls allocate, in a fresh process with a heap that is not collected meanwhile.',
  on: 'all stages as shipped: own signal for each call, bulkhead of 64, counters, latencies, nesting; listeners of calls and transitions, as telemetry has them.',
  doesNotShow: 'concurrent callers; rate, retry, gradient2; what an edge adds.',
  packages: ['opossum', 'cockatiel'],
  metrics: [
    { name: 'nsPerCall', unit: 'ns' },
    { name: 'bytesPerCall', unit: 'bytes' },
  ],
  targets: [
    {
      ...{ case: 'ok', variant: 'somon', metric: 'nsPerCall', sense: 'at most' },
      ...{ limit: 2500, of: 'difference', against: 'bare' },
    },
    {
      ...{ case: 'ok', variant: 'somon', metric: 'nsPerCall', sense: 'at most' },
      ...{ limit: 1.75, of: 'ratio', against: 'opossum', gate: true },
    },
    {
      ...{ case: BYTES_CASE, variant: 'somon', metric: 'bytesPerCall', sense: 'at most' },
      ...{ limit: 4096, of: 'value' },
    },
  ],
  cases: async () => [okCase(), bytesCase()],
}

function okCase(): MicroCase {
  const [somon, opossum] = [somonGuard(task), opossumGuard(task)]
  return {
    kind: 'micro',
    name: 'ok',
    variants: [
      variantOf('bare', { call: task }),
      variantOf('opossum', opossum),
      variantOf('cockatiel', cockatielGuard(task)),
      variantOf('somon', somon),
    ],
    close: async () => {
      somon.end()
      opossum.end()
    },
  }
}

function variantOf(name: string, guarded: Pick<Guarded<number>, 'call'>): MicroVariant {
  return {
    name,
    run: async (count) => {
      for (let at = 0; at < count; at += 1) await guarded.call()
    },
    prove: async () => {
      await warmUp(guarded.call)
      return String(await guarded.call())
    },
  }
}

function bytesCase(): MacroCase {
  const flags = ['--expose-gc', '--max-semi-space-size=512', '--min-semi-space-size=512']
  return {
    kind: 'macro',
    name: BYTES_CASE,
    variants: ['bare', 'opossum', 'cockatiel', 'somon'].map((name) => ({
      name,
      command: { argv: [process.execPath, ...flags, childScript('guard-bytes.mjs'), name] },
      prove: reportedProof,
    })),
  }
}
