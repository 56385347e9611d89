import type { ValidationReport } from '../../system/module-system-api.ts'
import type { CommandContext } from '../command.ts'
import { entriesOf } from '../entries.ts'
import { EXIT } from '../host.ts'
import { openProject, type OpenProject } from '../open-project.ts'
import { startProgress } from '../progress.ts'
import { renderError } from '../render-error.ts'
import { renderWarning } from '../render-warning.ts'

/** `somon check`: resolves, builds and checks imports; runs none of the entries' code. */
export async function run(context: CommandContext): Promise<number | undefined> {
  const code = await check(context)
  if (!context.flags.isOn('externals')) return code
  // The packages have run: their timers and servers are nothing to wait for.
  await context.host.end(code)
  return undefined
}

/** With `--externals` packages may have left timers before something failed. */
export const endsOnFailure = true

async function check(context: CommandContext): Promise<number> {
  const { operands, host, flags, output } = context
  await using project = await openProject(context)
  const entries = entriesOf(operands, host.cwd, project.root, EXAMPLE)
  const report = await validate(context, project, entries)
  const warnings = report.entries.reduce((sum, entry) => sum + entry.warnings.length, 0)
  const maxWarnings = flags.number('max-warnings') ?? Infinity
  const ok = report.ok && warnings <= maxWarnings
  const value = { ...jsonReport(report), warningCount: warnings }
  const text = [...describe(report, context), summary(report, warnings, maxWarnings)].join('\n')
  if (ok) output.result(value, text)
  else output.findings(value, text)
  return ok ? EXIT.done : EXIT.failed
}

async function validate(
  { output, flags }: CommandContext,
  { system }: OpenProject,
  entries: readonly string[],
): Promise<ValidationReport> {
  using progress = startProgress(output, `checking ${entries.length} entries`)
  if (flags.isOn('types')) progress.update(`checking ${entries.length} entries and types`)
  return await system.validate(entries, {
    types: flags.isOn('types'),
    externals: flags.isOn('externals'),
  })
}

const EXAMPLE = { name: 'check', example: 'somon check src/main.ts' }

function jsonReport(report: ValidationReport): object {
  const entries = report.entries.map(({ entry, errors, warnings }) => ({
    entry,
    errors: errors.map((error) => error.toJSON()),
    warnings,
  }))
  return { entries, ...(report.types === undefined ? {} : { types: report.types }) }
}

function describe(report: ValidationReport, { output }: CommandContext): string[] {
  const lines: string[] = []
  for (const { entry, errors, warnings } of report.entries) {
    const mark = errors.length === 0 ? output.paint('green', 'ok') : output.paint('red', 'failed')
    lines.push(`${mark} ${entry}`)
    for (const error of errors) {
      lines.push(renderError(error, (style, text) => output.paint(style, text), output.saysAll))
    }
    for (const warning of warnings) {
      lines.push(`${output.paint('yellow', 'warning')} ${renderWarning(warning)}`)
    }
  }
  if (report.types?.ok === false) lines.push(report.types.output.trimEnd())
  return lines
}

function summary(report: ValidationReport, warnings: number, maxWarnings: number): string {
  const errors = report.entries.reduce((sum, entry) => sum + entry.errors.length, 0)
  const types = report.types === undefined ? '' : report.types.ok ? ', types ok' : ', type errors'
  const limit = warnings > maxWarnings ? ` (at most ${maxWarnings} allowed)` : ''
  return `${report.entries.length} checked, ${errors} errors, ${warnings} warnings${limit}${types}`
}
