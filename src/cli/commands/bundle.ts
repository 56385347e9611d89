import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { toRelPath } from '../../base/project-path.ts'
import { formatBytes, formatDuration } from '../../base/units.ts'
import type { BundleResult } from '../../bundle/output.ts'
import type { CommandContext } from '../command.ts'
import { EXIT } from '../host.ts'
import type { PreparedBundle } from '../prepare-bundle.ts'
import { prepareBundle } from '../prepare-bundle.ts'
import { renderWarning } from '../render-warning.ts'

/** `somon bundle`: files on disk, made by esbuild alone where no plugin is needed. */
export async function run(context: CommandContext): Promise<number> {
  await using bundle = await prepareBundle(context)
  if (!context.flags.isOn('watch')) {
    const result = await bundle.build()
    report(context, result, await writeReports(context, bundle, result))
    return EXIT.done
  }
  const { watchBundle } = await import('../watch-bundle.ts')
  return watchBundle(context, bundle, async (result) => {
    await writeReports(context, bundle, result)
  })
}

/** Writes what `--metafile` and `--analyze` ask for; returns the paths relative to the root. */
async function writeReports(
  { flags, host, operands }: CommandContext,
  { root, options }: PreparedBundle,
  result: BundleResult,
): Promise<readonly string[]> {
  const written: string[] = []
  const write = (flag: string, standard: string, text: string): void => {
    const named = flags.text(flag)
    const folder = options.outdir ?? dirname(options.outfile ?? '')
    const file = named === '' ? join(root, folder, standard) : resolve(host.cwd, named ?? '')
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    written.push(toRelPath(root, file))
  }
  if (flags.has('metafile')) write('metafile', 'metafile.json', JSON.stringify(result.metafile))
  if (flags.has('analyze')) {
    const { analyzePage } = await import('../../bundle/analyze-page.ts')
    write('analyze', 'analyze.html', analyzePage(result.metafile, operands.join(', ')))
  }
  return written
}

function report(
  { output }: CommandContext,
  result: BundleResult,
  reports: readonly string[],
): void {
  for (const warning of result.warnings) output.warn(renderWarning(warning))
  const how = result.cached ? 'unchanged' : 'bundled'
  const files = result.outputs.map((item) => `${item.path}  ${formatBytes(item.bytes)}`)
  output.info([...files, ...reports, `${how} in ${formatDuration(result.durationMs)}`].join('\n'))
  if (!output.json) return
  const { warnings, cached, durationMs } = result
  const outputs = result.outputs.map(({ path, bytes, sha256, entry }) => ({
    ...{ path, bytes, sha256 },
    entry: entry ?? null,
  }))
  output.result({ outputs, reports, warnings, cached, durationMs }, '')
}
