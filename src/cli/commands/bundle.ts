import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { systemClock } from '../../base/clock.ts'
import { toRelPath } from '../../base/project-path.ts'
import { formatBytes, formatDuration } from '../../base/units.ts'
import { findEsbuildBinary } from '../../bundle/esbuild-binary.ts'
import { runNativeBuild } from '../../bundle/native-build.ts'
import type { BundleOptions, BundleResult } from '../../bundle/output.ts'
import { DEFAULT_OUTDIR, OUTPUT_DEFAULTS } from '../../bundle/output-build.ts'
import { bundleOutputs } from '../../system/bundle-outputs.ts'
import type { CommandContext } from '../command.ts'
import { EXIT } from '../host.ts'
import type { Output } from '../output.ts'
import { findProject } from '../project.ts'

/** `somon bundle`: files on disk, made by esbuild alone where no plugin is needed. */
export async function run(context: CommandContext): Promise<number> {
  const { host, output, operands } = context
  const { root } = findProject(host, context.flags)
  const options = readOptions(context, root)
  const entries = operands.map((operand) => entryOf(operand, host.cwd, root))
  const binary = findEsbuildBinary()
  if (binary === undefined) throw new Error('no binary')
  const result = await bundleOutputs(entries, options, {
    root,
    defaults: OUTPUT_DEFAULTS,
    engine: async (build) => runNativeBuild(binary, build, host.env),
    cache: undefined,
    clock: systemClock,
  })
  writeReports(context, root, options, result)
  report(output, result)
  return EXIT.done
}

function readOptions({ flags, host }: CommandContext, root: string): BundleOptions {
  const path = (name: string): string | undefined => {
    const value = flags.text(name)
    return value === undefined ? undefined : toRelPath(root, resolve(host.cwd, value))
  }
  const given = {
    outfile: path('outfile'),
    outdir: path('outdir') ?? (flags.has('outfile') ? undefined : DEFAULT_OUTDIR),
    format: flags.text('format'),
    platform: flags.text('platform'),
    target: flags.text('target'),
    minify: flags.get('minify'),
    splitting: flags.get('splitting'),
    sourcemap: flags.text('sourcemap'),
    packages: flags.text('packages'),
    external: flags.list('external'),
    inline: flags.list('inline'),
    alias: flags.map('alias'),
    define: flags.map('define'),
    loader: flags.map('loader'),
    conditions: flags.list('conditions'),
    tsconfig: path('tsconfig'),
    importMeta: flags.text('import-meta'),
    clean: flags.get('clean'),
    cache: flags.get('cache'),
  }
  const set = Object.entries(given).filter(([, value]) => value !== undefined)
  // The choices of the command table are exactly the values of these types.
  return Object.fromEntries(set)
}

/** A file is named relative to the working folder, anything else is a package. */
function entryOf(operand: string, cwd: string, root: string): string {
  const file = resolve(cwd, operand)
  const isFile = /^\.{0,2}[/\\]/.test(operand) || existsSync(file)
  return isFile ? `./${toRelPath(root, file)}` : operand
}

function writeReports(
  { flags, host }: CommandContext,
  root: string,
  options: BundleOptions,
  result: BundleResult,
): void {
  const named = flags.text('metafile')
  if (named === undefined) return
  const folder = options.outdir ?? dirname(options.outfile ?? '')
  const file = named === '' ? join(root, folder, 'metafile.json') : resolve(host.cwd, named)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, JSON.stringify(result.metafile))
}

function report(output: Output, result: BundleResult): void {
  for (const { text, frame } of result.warnings) {
    output.warn(frame === null ? text : `${text}\n${frame}`)
  }
  const how = result.cached ? 'unchanged' : 'bundled'
  const files = result.outputs.map((item) => `${item.path}  ${formatBytes(item.bytes)}`)
  output.info([...files, `${how} in ${formatDuration(result.durationMs)}`].join('\n'))
  if (!output.json) return
  output.result(
    {
      outputs: result.outputs.map(({ path, bytes, sha256, entry }) => ({
        path,
        bytes,
        sha256,
        entry,
      })),
      warnings: result.warnings,
      cached: result.cached,
      durationMs: result.durationMs,
    },
    '',
  )
}
