import type { RelPath } from '../base/project-path.ts'
import type { ModuleParts } from './module-parts.ts'
import type { ModuleRegistry } from './module-registry.ts'
import type { InvalidateReport, ReloadReport } from './reload-report.ts'

/**
 * Forgets the artifacts of entries in memory and, with `reload`, builds and evaluates the live
 * ones anew, each in its own transaction.
 *
 * @param entries - undefined means everything
 */
export async function invalidate(
  parts: ModuleParts,
  registry: ModuleRegistry,
  entries: readonly RelPath[] | undefined,
  options: { readonly reload: boolean },
): Promise<InvalidateReport> {
  const dropped = parts.loader.drop(entries)
  const wanted = entries === undefined ? undefined : new Set(entries)
  const stale = [...registry.modules].filter((module) => wanted?.has(module.id) ?? true)
  const reports = options.reload ? await Promise.all(stale.map((module) => module.reload())) : []
  return { dropped, ...byOutcome(reports) }
}

function byOutcome(reports: readonly ReloadReport[]): Omit<InvalidateReport, 'dropped'> {
  const named = (...outcomes: readonly ReloadReport['outcome'][]): RelPath[] =>
    reports.filter((report) => outcomes.includes(report.outcome)).map((report) => report.module)
  return {
    reloaded: named('reloaded', 'healed'),
    unchanged: named('unchanged'),
    superseded: named('superseded'),
    failed: reports.flatMap((report) =>
      report.outcome === 'failed' ? [{ entry: report.module, error: report.error }] : [],
    ),
  }
}
