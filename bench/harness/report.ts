import { formatBytes } from '../../src/base/units.ts'
import type { Metric, Target } from './question.ts'
import type { QuestionResult, ResultRow, TargetResult } from './result.ts'
import { SELF } from './samples.ts'

/** Prints a result as the section of one question in `bench/README.md`. */
export function sectionOf(result: QuestionResult): string {
  const { record, noise, self } = result
  return [
    `## ${result.question}`,
    result.title,
    [
      `- Isolates: ${result.isolates}`,
      `- Switched on: ${result.on}`,
      `- Does not show: ${result.doesNotShow}`,
    ].join('\n'),
    targetTable(result),
    rowTable(result.rows),
    [
      `Question version ${result.version}, ${result.pairs} pairs, CPU by ${result.meter};`,
      `A/A ${self.worst.toFixed(3)} (${self.valid ? 'valid' : '**invalid**'}, tolerance ${self.tolerance});`,
      `pressure ${pressure(noise.before.cpuPressure10)} before, ${pressure(noise.after.cpuPressure10)} after${noise.noisy ? ' (**noisy**: wall times are not compared)' : ''}.`,
      `Node ${record.node}, ${versions(record.packages)}, ${record.cores} × ${record.cpu}, Linux ${record.kernel}, commit ${record.commit.slice(0, 10)}${record.dirty ? ' with changes' : ''}, ${record.date.slice(0, 10)}.`,
    ].join('\n'),
  ].join('\n\n')
}

function targetTable({ targets }: QuestionResult): string {
  if (targets.length === 0) return 'No target.'
  return table(
    ['target', 'case', 'actual', '95 %', 'verdict'],
    targets.map((result) => [
      describeTarget(result.target),
      result.case,
      actualOf(result),
      result.interval === undefined
        ? ''
        : `${result.interval.low.toFixed(3)}–${result.interval.high.toFixed(3)}`,
      result.verdict === 'met' ? 'met' : `**${result.verdict}**`,
    ]),
  )
}

function rowTable(rows: readonly ResultRow[]): string {
  return table(
    ['case', 'variant', 'metric', 'median', 'min', 'p99', 'n', 'ratio to the first', 'p'],
    rows.map((row) => [
      row.case,
      row.variant === SELF ? 'A/A (the first again)' : row.variant,
      row.metric,
      ...(row.failure === undefined
        ? [amount(row.median, row.unit), amount(row.min, row.unit), amount(row.p99, row.unit)]
        : [`**failed**: ${row.failure}`, '', '']),
      String(row.count),
      row.ratio === undefined
        ? ''
        : `${row.ratio.ratio.toFixed(3)} (${row.ratio.low.toFixed(3)}–${row.ratio.high.toFixed(3)})`,
      row.significance === undefined ? '' : row.significance.pValue.toPrecision(2),
    ]),
  )
}

/** Writes a target as a person would: `somon ≤ 1.05 × esbuild (cpuMs)`. */
export function describeTarget(target: Target): string {
  const sign = target.sense === 'at most' ? '≤' : '≥'
  const limit = {
    value: `${target.limit}`,
    ratio: `${target.limit} × ${target.against ?? ''}`,
    difference: `${target.against ?? ''} + ${target.limit}`,
  }[target.of]
  return `${target.variant} ${sign} ${limit} (${target.metric})`
}

function actualOf({ actual, target }: TargetResult): string {
  if (actual === undefined) return '–'
  return target.of === 'ratio' ? `${actual.toFixed(3)} ×` : threeDigits(actual)
}

function amount(value: number, unit: Metric['unit']): string {
  if (!Number.isFinite(value)) return '–'
  if (unit === 'bytes') return value < 0 ? `-${formatBytes(-value)}` : formatBytes(value)
  return `${threeDigits(value)}${unit === 'count' || unit === 'share' ? '' : ` ${unit}`}`
}

function threeDigits(value: number): string {
  return Math.abs(value) >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(3)))
}

function pressure(value: number | undefined): string {
  return value === undefined ? 'unknown' : value.toFixed(1)
}

function versions(packages: Readonly<Record<string, string>>): string {
  return Object.entries(packages)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map(tableLine).join('\n')
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}
