import { openCpuMeter, type CpuMeter } from './cpu-meter.ts'
import { measureMacro } from './macro.ts'
import { measureMicro } from './micro.ts'
import { isNoisy, readNoise } from './noise.ts'
import type { Case, Question } from './question.ts'
import { recordRun } from './record.ts'
import { describeQuestion, type QuestionResult } from './result.ts'
import { rowsOf, worstSelfRatio } from './rows.ts'
import type { CaseSamples } from './samples.ts'
import { judge } from './verdict.ts'

/** How far the A/A ratio may be from 1: what a quiet machine keeps, with some room. */
const TOLERANCE = { macro: 0.03, micro: 0.02 }
const GATE_SLACK = 0.15

/** With fewer pairs a run only shows that the question works. */
export const REFERENCE_PAIRS = 15

/** Measures one question from its proofs to its verdicts. */
export async function ask(
  question: Question,
  options: { readonly pairs: number; readonly gate: boolean },
): Promise<QuestionResult> {
  const before = readNoise()
  const pairs = pairsOf(question, options.pairs)
  const meter = openCpuMeter()
  try {
    const cases = await question.cases()
    const raw: CaseSamples[] = []
    for (const one of cases) raw.push(await measure(one, question, pairs, meter))
    const tolerance = TOLERANCE[cases[0]?.kind ?? 'macro']
    return conclude(question, raw, { ...options, pairs, tolerance, before, meter: meter.name })
  } finally {
    meter.close()
  }
}

/** How many pairs a question gets when so many are wanted. */
export function pairsOf(question: Question, wanted: number): number {
  return Math.min(wanted, question.maxPairs ?? Infinity)
}

function measure(
  one: Case,
  question: Question,
  pairs: number,
  meter: CpuMeter,
): Promise<CaseSamples> {
  if (one.kind === 'micro') return measureMicro(one, { pairs })
  return measureMacro(one, { pairs, metrics: question.metrics, meter })
}

function conclude(
  question: Question,
  raw: readonly CaseSamples[],
  run: {
    readonly pairs: number
    readonly gate: boolean
    readonly tolerance: number
    readonly before: ReturnType<typeof readNoise>
    readonly meter: string
  },
): QuestionResult {
  const after = readNoise()
  const noisy = isNoisy(run.before, after)
  const worst = worstSelfRatio(raw, question.metrics[0].name)
  const valid = Math.abs(worst - 1) <= run.tolerance
  const slack = run.gate ? GATE_SLACK : 0
  const targets = question.targets
    .filter((target) => !run.gate || target.gate === true)
    .flatMap((target) => judge(target, raw, { valid, noisy, metrics: question.metrics, slack }))
  return {
    ...describeQuestion(question),
    pairs: run.pairs,
    complete: run.pairs === pairsOf(question, REFERENCE_PAIRS),
    meter: run.meter,
    record: recordRun(question.packages),
    noise: { before: run.before, after, noisy },
    self: { worst, tolerance: run.tolerance, valid },
    rows: rowsOf(raw, question.metrics),
    targets,
    raw,
  }
}
