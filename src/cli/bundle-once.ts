import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { toRelPath } from '../base/project-path.ts'
import { formatBytes, formatDuration } from '../base/units.ts'
import type { BundleOptions, BundleResult } from '../bundle/output.ts'
import type { CommandContext } from './command.ts'
import { EXIT } from './host.ts'
import { renderWarning } from './render-warning.ts'

/** A bundle that can be made. */
export interface OneBundle {
  readonly root: string
  readonly options: BundleOptions
  build(): Promise<BundleResult>
}

/** Makes a bundle, writes its reports and says what came of it; returns the exit code. */
export async function bundleOnce(context: CommandContext, bundle: OneBundle): Promise<number> {
  const result = await bundle.build()
  report(context, result, await writeReports(context, bundle, result))
  return EXIT.done
}

/** Writes what `--metafile` and `--analyze` ask for; returns the paths relative to the root. */
export async function writeReports(
  { flags, host, operands }: CommandContext,
  { root, options }: OneBundle,
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
    const { analyzePage } = await import('../bundle/analyze-page.ts')
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
