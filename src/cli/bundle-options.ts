import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { toRelPath } from '../base/project-path.ts'
import type { BundleOptions } from '../bundle/output.ts'
import type { CommandContext } from './command.ts'
import { entryOf } from './entries.ts'
import { badValue, flagConflict } from './errors.ts'

/**
 * Reads the flags of `bundle`; paths on the command line are relative to the working folder.
 *
 * @param outdir - where outputs go when no flag says it; undefined keeps them in memory
 * @throws SomonError SOMON_CLI_FLAG_CONFLICT, SOMON_CLI_BAD_VALUE
 */
export function readBundleOptions(
  { flags, host, operands }: Pick<CommandContext, 'flags' | 'host' | 'operands'>,
  root: string,
  outdir: string | undefined,
): BundleOptions {
  checkFlags(flags, operands)
  checkPlaces(flags, host)
  const path = (name: string): string | undefined => {
    const value = flags.text(name)
    return value === undefined ? undefined : toRelPath(root, resolve(host.cwd, value))
  }
  const given = {
    outfile: path('outfile'),
    outdir: path('outdir') ?? (flags.has('outfile') ? undefined : outdir),
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

/** Most bundles are made for their files: then nobody reads the import graph of a repeat. */
export function withGraph(flags: CommandContext['flags'], options: BundleOptions): BundleOptions {
  const reads = ['metafile', 'analyze', 'clean'].some((name) => flags.has(name))
  return reads ? options : { ...options, metafile: false }
}

/** Writes entries as esbuild takes them: `./` and a path below the root, or a package's name. */
export function bundleEntries(
  operands: readonly string[],
  cwd: string,
  root: string,
): readonly string[] {
  return operands.map((operand) => {
    const entry = entryOf(operand, cwd)
    return entry === operand && !operand.startsWith('/') ? operand : `./${toRelPath(root, entry)}`
  })
}

/** @throws SomonError SOMON_CLI_BAD_VALUE where a file is to be a folder or the other way round */
function checkPlaces(flags: CommandContext['flags'], { cwd }: CommandContext['host']): void {
  for (const [name, other, expected] of PLACES) {
    const value = flags.text(name)
    if (value === undefined) continue
    const stat = statSync(resolve(cwd, value), { throwIfNoEntry: false })
    if (stat?.[other]() === true) throw badValue({ flag: `--${name}`, value, expected })
  }
}

const PLACES = [
  ['outdir', 'isFile', 'a folder, or a path where none is yet'],
  ['outfile', 'isDirectory', 'a file, or a path where none is yet'],
] as const

function checkFlags(flags: CommandContext['flags'], operands: readonly string[]): void {
  if (flags.has('outfile') && operands.length > 1) {
    throw flagConflict({
      flag: '--outfile',
      because: `it names one file, and there are ${operands.length} entries`,
      instead: 'Use --outdir, or name one entry',
    })
  }
  if (flags.has('outfile') && flags.has('outdir')) {
    throw flagConflict({
      flag: '--outfile',
      because: '--outdir says where the outputs go',
      instead: 'Leave one of the two out',
    })
  }
  if (flags.isOn('clean') && flags.has('outfile')) {
    throw flagConflict({
      flag: '--clean',
      because: 'it empties the output folder, and --outfile names a file',
      instead: 'Use --outdir, or leave --clean out',
    })
  }
  const format = flags.text('format')
  if (flags.text('import-meta') !== 'source') return
  if (format !== 'iife' && (flags.text('platform') ?? 'node') === 'node') return
  throw flagConflict({
    flag: '--import-meta=source',
    because: 'it needs files that Node runs',
    instead: 'Use --platform=node with --format=esm or cjs, or leave --import-meta out',
  })
}
