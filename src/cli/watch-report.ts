import { formatDuration } from '../base/units.ts'
import type { WatchReport } from '../module/watch-session.ts'

/** One line about an entry that a change made stale. */
export function describeReport(report: WatchReport, dim: (text: string) => string): string {
  const { entry, outcome, generation, durationMs, changes } = report
  const serving = generation > 0 ? `generation ${generation}` : 'nothing serves'
  const because = changes.length === 0 ? '' : `; changed: ${changes.join(', ')}`
  return `${outcome} ${entry} ${dim(`${serving}, ${formatDuration(durationMs)}${because}`)}`
}
