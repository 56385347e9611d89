import { EACH_CASE, GEOMETRIC_MEAN, type Metric, type Target } from './question.ts'
import type { TargetResult, Verdict } from './result.ts'
import type { CaseSamples } from './samples.ts'
import { bootstrapRatio, geometricMean, median, pairedRatios } from './stats.ts'

/** What decides beside the number itself. */
export interface Circumstances {
  readonly valid: boolean
  readonly noisy: boolean
  readonly metrics: readonly Metric[]
  /** Room over the target, as a share: 0.15 in CI. */
  readonly slack: number
}

/** Holds a target against the samples: one result a case it names. */
export function judge(
  target: Target,
  cases: readonly CaseSamples[],
  circumstances: Circumstances,
): readonly TargetResult[] {
  if (target.case === GEOMETRIC_MEAN) {
    return [resultOf(target, GEOMETRIC_MEAN, meanOf(target, cases), circumstances)]
  }
  return cases
    .filter(({ name }) => target.case === EACH_CASE || target.case === name)
    .map((one) => resultOf(target, one.name, estimate(target, one), circumstances))
}

interface Estimate {
  readonly actual: number
  readonly low?: number
  readonly high?: number
}

function estimate(target: Target, one: CaseSamples): Estimate | undefined {
  const own = samplesOf(one, target.variant, target.metric)
  if (own === undefined) return undefined
  if (target.of === 'value') return { actual: median(own) }
  const other = samplesOf(one, target.against, target.metric)
  if (other === undefined) return undefined
  if (target.of === 'difference') return { actual: median(own) - median(other) }
  const { ratio, low, high } = bootstrapRatio(pairedRatios(own, other))
  return { actual: ratio, low, high }
}

/** Pair by pair the geometric mean over the cases, then as for one case. */
function meanOf(target: Target, cases: readonly CaseSamples[]): Estimate | undefined {
  const lists: number[][] = []
  for (const one of cases) {
    const own = samplesOf(one, target.variant, target.metric)
    const other = samplesOf(one, target.against, target.metric)
    if (own === undefined || other === undefined) return undefined
    lists.push(pairedRatios(own, other))
  }
  const pairs = Math.min(...lists.map((list) => list.length))
  const means = Array.from({ length: pairs }, (_, pair) =>
    geometricMean(lists.map((list) => list[pair] ?? Number.NaN)),
  )
  const { ratio, low, high } = bootstrapRatio(means)
  return { actual: ratio, low, high }
}

function samplesOf(
  one: CaseSamples,
  variant: string | undefined,
  metric: string,
): readonly number[] | undefined {
  const samples = one.variants.find((other) => other.variant === variant)?.samples[metric]
  return samples === undefined || samples.length === 0 ? undefined : samples
}

function resultOf(
  target: Target,
  caseName: string,
  found: Estimate | undefined,
  circumstances: Circumstances,
): TargetResult {
  return {
    case: caseName,
    target,
    actual: found?.actual,
    interval:
      found?.low === undefined || found.high === undefined
        ? undefined
        : { low: found.low, high: found.high },
    verdict: verdictOf(target, found?.actual, circumstances),
  }
}

function verdictOf(
  target: Target,
  actual: number | undefined,
  { valid, noisy, metrics, slack }: Circumstances,
): Verdict {
  if (actual === undefined) return 'failed'
  if (!valid) return 'invalid'
  if (noisy && metrics.find(({ name }) => name === target.metric)?.wall === true) return 'noisy'
  const met =
    target.sense === 'at most'
      ? actual <= target.limit * (1 + slack)
      : actual >= target.limit * (1 - slack)
  return met ? 'met' : 'missed'
}
