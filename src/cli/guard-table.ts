import type { RegistrySnapshot } from '../guard/registry.ts'

type GuardRow = RegistrySnapshot['breakers'][string]

/** Colours a text by the state that it names. */
export type PaintState = (state: string, text: string) => string

/** A table of guards as text: those with the most recent trouble first, one line for each. */
export function guardTable({ breakers }: RegistrySnapshot, paint: PaintState): string {
  const rows = Object.entries(breakers).toSorted(
    ([idA, a], [idB, b]) => rank(a) - rank(b) || idA.localeCompare(idB),
  )
  if (rows.length === 0) return 'no calls yet'
  const cells = rows.map(([id, guard]) => cellsOf(id, guard))
  const all = [HEADINGS, ...cells]
  const widths = HEADINGS.map((_, at) => Math.max(...all.map((row) => row[at]?.length ?? 0)))
  const lines = all.map((row, index) =>
    row
      .map((cell, at) => {
        const padded = at < 2 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)
        return at === 1 && index > 0 ? paint(cell, padded) : padded
      })
      .join('  ')
      .trimEnd(),
  )
  return lines.join('\n')
}

const HEADINGS = ['guard', 'state', 'ok', 'failed', 'refused', 'running', 'p50', 'p99', 'retry in']

function cellsOf(id: string, guard: GuardRow): readonly string[] {
  const { state, totals, inflight, latencyMs, retryAfterMs } = guard
  const failed = totals.failure + totals.timeout + totals.overload
  const refused = totals.open + totals.isolated + totals.full + totals.limited
  return [
    id,
    state,
    String(totals.ok),
    String(failed),
    String(refused),
    String(inflight),
    shownMs(latencyMs?.p50),
    shownMs(latencyMs?.p99),
    state === 'open' ? `${((retryAfterMs ?? 0) / 1000).toFixed(1)} s` : '',
  ]
}

const TROUBLE = ['open', 'half-open', 'isolated', 'disabled', 'closed']

function rank({ state }: GuardRow): number {
  return TROUBLE.indexOf(state)
}

function shownMs(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return ''
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
}
