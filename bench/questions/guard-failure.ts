import { cockatielGuard, opossumGuard, somonGuard, warmUp, type Guarded } from '../guards.ts'
import type { MicroVariant, Question } from '../harness/question.ts'

const ERROR = new Error('refused')
/** Succeeds while the window is filled, then fails. */
const healthy = { is: true }
const task = async (): Promise<number> => {
  if (healthy.is) return 1
  throw ERROR
}

export const guardFailure: Question = {
  name: 'guard-failure',
  version: 1,
  title: 'What does a guard add to a call that fails, however many it has seen?',
  isolates:
    'every call fails with one and the same error, awaited in sequence; the breaker is kept closed; the window is filled with so many successful calls first, and holds them for an hour. One process.',
  on: 'all stages as shipped, as in guard-call.',
  doesNotShow: 'the opening itself; errors that are made anew.',
  packages: ['opossum', 'cockatiel'],
  metrics: [{ name: 'nsPerCall', unit: 'ns' }],
  targets: [
    {
      ...{ case: 'failing', variant: 'somon, 100,000 samples', metric: 'nsPerCall' },
      ...{ sense: 'at most', limit: 5000, of: 'difference', against: 'bare' },
    },
    {
      ...{ case: 'failing', variant: 'somon, 100,000 samples', metric: 'nsPerCall' },
      ...{ sense: 'at most', limit: 1.1, of: 'ratio', against: 'somon, 1,000 samples', gate: true },
    },
  ],
  cases: async () => {
    const guards: (Guarded<number> & { end(): void })[] = []
    const filled = async (
      name: string,
      make: () => Guarded<number> & { end?(): void },
    ): Promise<MicroVariant[]> => {
      const variants: MicroVariant[] = []
      for (const samples of [1000, 10_000, 100_000]) {
        const guarded = make()
        guards.push({ end: () => {}, ...guarded })
        healthy.is = true
        for (let at = 0; at < samples; at += 1) await guarded.call()
        healthy.is = false
        variants.push(variantOf(`${name}, ${samples.toLocaleString('en-US')} samples`, guarded))
      }
      return variants
    }
    const variants = [
      variantOf('bare', { call: task }),
      ...(await filled('opossum', () => opossumGuard(task))),
      ...(await filled('cockatiel', () => cockatielGuard(task))),
      ...(await filled('somon', () => somonGuard(task))),
    ]
    return [
      {
        kind: 'micro',
        name: 'failing',
        variants,
        close: async () => {
          for (const guarded of guards) guarded.end()
        },
      },
    ]
  },
}

function variantOf(name: string, guarded: Pick<Guarded<number>, 'call'>): MicroVariant {
  const failure = (): Promise<unknown> => guarded.call().catch((error: unknown) => error)
  return {
    name,
    run: async (count) => {
      for (let at = 0; at < count; at += 1) await failure()
    },
    prove: async () => {
      // opossum takes minutes for more.
      await warmUp(failure, 500)
      return String(await failure())
    },
  }
}
