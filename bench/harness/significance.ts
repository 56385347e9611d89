import { createHistogram } from 'node:perf_hooks'

/** What Node's own tests say about two sets of samples. */
export interface Significance {
  readonly pValue: number
  /** −1 to 1: how much more often one is above the other. */
  readonly cliffsDelta: number
}

/** Node 24.21 has these, 24.20 has not, and @types/node does not know them yet. */
interface TestingHistogram {
  mannWhitneyTest?(other: unknown): { readonly pValue: number }
  cliffsD?(other: unknown): number
}

/** Compares two sets of samples, or returns undefined where this Node has no such tests. */
export function significance(a: readonly number[], b: readonly number[]): Significance | undefined {
  const [first, second] = [histogramOf(a), histogramOf(b)]
  const testing = first as unknown as TestingHistogram
  if (testing.mannWhitneyTest === undefined || testing.cliffsD === undefined) return undefined
  return {
    pValue: testing.mannWhitneyTest(second).pValue,
    cliffsDelta: testing.cliffsD(second),
  }
}

function histogramOf(samples: readonly number[]): ReturnType<typeof createHistogram> {
  const histogram = createHistogram({ figures: 4, lowest: 1, highest: Number.MAX_SAFE_INTEGER })
  // Histograms hold whole numbers from 1 on; three decimals are beyond what any sample is worth.
  for (const sample of samples) histogram.record(Math.max(1, Math.round(sample * 1000)))
  return histogram
}
