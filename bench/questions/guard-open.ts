import { cockatielGuard, opossumGuard, somonGuard, warmUp, type Guarded } from '../guards.ts'
import type { MicroVariant, Question } from '../harness/question.ts'

const task = async (): Promise<number> => 1

export const guardOpen: Question = {
  name: 'guard-open',
  version: 1,
  title: 'What does a refused call cost while the circuit is open?',
  isolates:
    'an open breaker, the rejection awaited in sequence, in one process. Peers make a stack for each error; beside them they run with `Error.stackTraceLimit = 0`. Ours has a stack in the first refusal after a transition only, which is not among the measured ones.',
  on: 'the coded error with its data, the last failure and `retryAfterMs`; counters; listeners, as in guard-call.',
  doesNotShow: 'refusals for lack of a place or a token.',
  packages: ['opossum', 'cockatiel'],
  metrics: [{ name: 'nsPerCall', unit: 'ns' }],
  targets: [
    {
      ...{ case: 'open', variant: 'somon', metric: 'nsPerCall', sense: 'at most' },
      ...{ limit: 1000, of: 'value' },
    },
    {
      ...{ case: 'open', variant: 'somon', metric: 'nsPerCall', sense: 'at most' },
      ...{ limit: 0.5, of: 'ratio', against: 'opossum', gate: true },
    },
  ],
  cases: async () => {
    const [somon, opossum] = [somonGuard(task), opossumGuard(task)]
    const cockatiel = cockatielGuard(task)
    for (const guarded of [somon, opossum, cockatiel]) guarded.open()
    return [
      {
        kind: 'micro',
        name: 'open',
        variants: [
          variantOf('opossum', opossum),
          withoutStack(variantOf('opossum (no stack)', opossum)),
          variantOf('cockatiel', cockatiel),
          withoutStack(variantOf('cockatiel (no stack)', cockatiel)),
          variantOf('somon', somon),
        ],
        close: async () => {
          somon.end()
          opossum.end()
        },
      },
    ]
  },
}

function variantOf(name: string, guarded: Guarded<number>): MicroVariant {
  const refusal = (): Promise<unknown> => guarded.call().catch((error: unknown) => error)
  return {
    name,
    run: async (count) => {
      for (let at = 0; at < count; at += 1) await refusal()
    },
    prove: async () => {
      await warmUp(refusal)
      return (await refusal()) instanceof Error ? 'refused' : 'served'
    },
  }
}

function withoutStack(variant: MicroVariant): MicroVariant {
  return {
    ...variant,
    run: async (count) => {
      const { stackTraceLimit } = Error
      Error.stackTraceLimit = 0
      await variant.run(count)
      Error.stackTraceLimit = stackTraceLimit
    },
  }
}
