import type { RelPath } from '../base/project-path.ts'
import { isModuleUrl } from '../base/project-path.ts'
import type { BuildMessage } from './build-message.ts'
import type { EsbuildMetafile } from './esbuild.ts'
import type { BundleOptions } from './output.ts'

/** One output build, complete: every option decided, every path absolute or relative to `root`. */
export interface OutputBuild {
  /** Absolute path of the project root; esbuild works there, so its comments are relative to it. */
  readonly root: string
  /** As handed to esbuild: `./src/a.ts`, or the name of a package. */
  readonly entries: readonly string[]
  /** Relative to the root; one of the two is set when the outputs go to disk. */
  readonly outdir: RelPath | undefined
  readonly outfile: RelPath | undefined
  readonly format: 'esm' | 'cjs' | 'iife'
  readonly platform: 'node' | 'browser' | 'neutral'
  readonly target: string
  readonly minify: boolean
  readonly splitting: boolean
  readonly sourcemap: boolean | 'linked' | 'inline' | 'external' | 'both'
  readonly packages: 'bundle' | 'external'
  readonly external: readonly string[]
  readonly inline: readonly string[]
  readonly alias: Readonly<Record<string, string>>
  readonly define: Readonly<Record<string, string>>
  readonly loader: Readonly<Record<string, string>>
  readonly conditions: readonly string[]
  /** Relative to the root. */
  readonly tsconfig: RelPath | undefined
  readonly importMeta: 'plain' | 'source'
}

/** What an engine made of a build; `contents` is set when nothing was written. */
export interface BuiltOutputs {
  /** esbuild's own report; `readMetafile()` makes of it what callers get. */
  readonly report: EsbuildMetafile
  /** The bytes of that report, where esbuild wrote them. */
  readonly reportBytes: Uint8Array | undefined
  readonly warnings: readonly BuildMessage[]
  readonly contents: ReadonlyMap<RelPath, Uint8Array> | undefined
}

/**
 * Runs one output build: by esbuild's native program (`native-build.ts`) or through its service.
 *
 * @throws SomonError SOMON_BUNDLE_FAILED when the build has errors
 */
export type OutputEngine = (build: OutputBuild, signal?: AbortSignal) => Promise<BuiltOutputs>

/** What decides the options that a caller leaves out: the settings `bundle.*` and `loading.*`. */
export type OutputDefaults = Pick<
  OutputBuild,
  | 'format'
  | 'target'
  | 'minify'
  | 'splitting'
  | 'sourcemap'
  | 'packages'
  | 'external'
  | 'inline'
  | 'alias'
  | 'define'
  | 'conditions'
  | 'tsconfig'
>

/**
 * The defaults of a project without configuration, so that `somon bundle` need not read the
 * settings table to learn that nothing is set; a test holds them to that table.
 */
export const OUTPUT_DEFAULTS: OutputDefaults = Object.freeze({
  format: 'esm',
  target: 'node24',
  minify: false,
  splitting: false,
  sourcemap: false,
  packages: 'bundle',
  external: [],
  inline: [],
  alias: {},
  define: {},
  conditions: [],
  tsconfig: undefined,
})

/** The folder `somon bundle` writes to when neither flag nor setting names one. */
export const DEFAULT_OUTDIR = 'dist'

/** Completes the options of one call; lists and maps of the call are added to the defaults. */
export function completeOutputBuild(
  root: string,
  entries: readonly string[],
  options: BundleOptions,
  defaults: OutputDefaults,
): OutputBuild {
  return {
    root,
    entries,
    outdir: options.outdir,
    outfile: options.outfile,
    format: options.format ?? defaults.format,
    platform: options.platform ?? 'node',
    target: options.target ?? defaults.target,
    minify: options.minify ?? defaults.minify,
    splitting: options.splitting ?? defaults.splitting,
    sourcemap: options.sourcemap ?? defaults.sourcemap,
    packages: options.packages ?? defaults.packages,
    external: [...defaults.external, ...(options.external ?? [])],
    inline: [...defaults.inline, ...(options.inline ?? [])],
    alias: { ...defaults.alias, ...options.alias },
    define: { ...defaults.define, ...options.define },
    loader: { ...options.loader },
    conditions: [...defaults.conditions, ...(options.conditions ?? [])],
    tsconfig: options.tsconfig ?? defaults.tsconfig,
    importMeta: options.importMeta ?? 'plain',
  }
}

/**
 * Tells whether esbuild's native program can make this build: it cannot run plugins, and keeps
 * nothing in memory.
 */
export function isNativeBuild(build: OutputBuild): boolean {
  if (build.outdir === undefined && build.outfile === undefined) return false
  if (build.entries.some(isModuleUrl)) return false
  return build.importMeta === 'plain' && (build.inline.length === 0 || build.packages === 'bundle')
}

/** Writes a build as esbuild's command line, without what says where its report goes. */
export function esbuildArguments(build: OutputBuild): readonly string[] {
  const flags = ['--bundle', `--format=${build.format}`, `--platform=${build.platform}`]
  flags.push(`--target=${build.target}`)
  if (build.outdir !== undefined) flags.push(`--outdir=${build.outdir || '.'}`)
  if (build.outfile !== undefined) flags.push(`--outfile=${build.outfile}`)
  if (build.minify) flags.push('--minify')
  if (build.splitting) flags.push('--splitting')
  if (build.sourcemap === true) flags.push('--sourcemap')
  else if (build.sourcemap !== false) flags.push(`--sourcemap=${build.sourcemap}`)
  if (build.packages === 'external') flags.push('--packages=external')
  flags.push(...build.external.map((name) => `--external:${name}`))
  flags.push(...pairs('alias', build.alias), ...pairs('define', build.define))
  flags.push(...pairs('loader', build.loader))
  if (build.conditions.length > 0) flags.push(`--conditions=${build.conditions.join(',')}`)
  if (build.tsconfig !== undefined) flags.push(`--tsconfig=${build.tsconfig}`)
  return [...build.entries, ...flags]
}

function pairs(flag: string, values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).map(([key, value]) => `--${flag}:${key}=${value}`)
}
