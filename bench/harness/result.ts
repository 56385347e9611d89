import type { Noise } from './noise.ts'
import type { Metric, Question, Target } from './question.ts'
import type { RunRecord } from './record.ts'
import type { CaseSamples } from './samples.ts'
import type { Significance } from './significance.ts'
import type { RatioEstimate } from './stats.ts'

/** One line of the table. */
export interface ResultRow {
  readonly case: string
  readonly variant: string
  readonly metric: string
  readonly unit: Metric['unit']
  readonly failure: string | undefined
  readonly count: number
  readonly median: number
  readonly min: number
  readonly p99: number
  /** To the first variant of the case, paired. */
  readonly ratio: RatioEstimate | undefined
  readonly significance: Significance | undefined
}

export type Verdict = 'met' | 'missed' | 'noisy' | 'failed' | 'invalid'

/** How one target fared. */
export interface TargetResult {
  readonly case: string
  readonly target: Target
  readonly actual: number | undefined
  readonly interval: { readonly low: number; readonly high: number } | undefined
  readonly verdict: Verdict
}

/** The answer to one question, as `bench/results/<question>.json` holds it. */
export interface QuestionResult {
  readonly question: string
  readonly version: number
  readonly title: string
  readonly isolates: string
  readonly on: string
  readonly doesNotShow: string
  readonly pairs: number
  /** True for all pairs the question has: a result to keep. */
  readonly complete: boolean
  readonly meter: string
  readonly record: RunRecord
  readonly noise: { readonly before: Noise; readonly after: Noise; readonly noisy: boolean }
  /** The first variant against itself, the worst case of the question. */
  readonly self: { readonly worst: number; readonly tolerance: number; readonly valid: boolean }
  readonly rows: readonly ResultRow[]
  readonly targets: readonly TargetResult[]
  readonly raw: readonly CaseSamples[]
}

/** The parts of a question that its result repeats. */
export function describeQuestion(
  question: Question,
): Pick<QuestionResult, 'question' | 'version' | 'title' | 'isolates' | 'on' | 'doesNotShow'> {
  const { name, version, title, isolates, on, doesNotShow } = question
  return { question: name, version, title, isolates, on, doesNotShow }
}
