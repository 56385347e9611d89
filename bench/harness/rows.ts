import type { Metric } from './question.ts'
import type { ResultRow } from './result.ts'
import { SELF, type CaseSamples, type VariantSamples } from './samples.ts'
import { significance } from './significance.ts'
import { bootstrapRatio, median, pairedRatios, quantile } from './stats.ts'

/** Turns samples into the lines of the table, case by case and metric by metric. */
export function rowsOf(cases: readonly CaseSamples[], metrics: readonly Metric[]): ResultRow[] {
  return cases.flatMap(({ name, variants }) =>
    variants.flatMap((variant) =>
      // A failure is told once, not once a metric.
      (variant.failure === undefined ? metrics : metrics.slice(0, 1)).flatMap((metric) =>
        rowOf(name, variant, variants, metric),
      ),
    ),
  )
}

function rowOf(
  caseName: string,
  variant: VariantSamples,
  variants: readonly VariantSamples[],
  metric: Metric,
): ResultRow[] {
  const samples = variant.samples[metric.name] ?? []
  if (samples.length === 0 && variant.failure === undefined) return []
  const [first] = variants
  const yardstick = first === variant ? undefined : first?.samples[metric.name]
  const compared = yardstick !== undefined && samples.length > 0 && yardstick.length > 0
  return [
    {
      case: caseName,
      variant: variant.variant,
      metric: metric.name,
      unit: metric.unit,
      failure: variant.failure,
      count: samples.length,
      median: median(samples),
      min: Math.min(...samples),
      p99: quantile(samples, 0.99),
      ratio: compared ? bootstrapRatio(pairedRatios(samples, yardstick)) : undefined,
      significance: compared ? significance(samples, yardstick) : undefined,
    },
  ]
}

/** The A/A ratio that is farthest from 1, of the metric that decides whether a run is valid. */
export function worstSelfRatio(cases: readonly CaseSamples[], metric: string): number {
  const ratios = cases.flatMap(({ variants }) => {
    const self = variants.find(({ variant }) => variant === SELF)?.samples[metric]
    const first = variants[0]?.samples[metric]
    return self && first ? [median(pairedRatios(self, first))] : []
  })
  return ratios.reduce((worst, ratio) => (distance(ratio) > distance(worst) ? ratio : worst), 1)
}

function distance(ratio: number): number {
  return Math.abs(ratio - 1)
}
