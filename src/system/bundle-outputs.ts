import { readFileSync } from 'node:fs'
import type { Clock } from '../base/clock.ts'
import { digest } from '../base/digest.ts'
import type { RelPath } from '../base/project-path.ts'
import { fromRelPath } from '../base/project-path.ts'
import type { BuildMessage } from '../bundle/build-message.ts'
import type { BundleMetafile, BundleOptions, BundleOutput, BundleResult } from '../bundle/output.ts'
import type {
  BuiltOutputs,
  OutputBuild,
  OutputDefaults,
  OutputEngine,
} from '../bundle/output-build.ts'
import { completeOutputBuild } from '../bundle/output-build.ts'
import { readMetafile } from '../bundle/read-metafile.ts'
import { cleanOutputs } from './clean-outputs.ts'

/** What an output build needs of its surroundings. */
export interface BundleParts {
  /** Absolute path of the project root. */
  readonly root: string
  readonly defaults: OutputDefaults
  readonly engine: OutputEngine
  /** Undefined builds always. */
  readonly cache: OutputCache | undefined
  readonly clock: Clock
}

/** Remembers what builds made, as long as their inputs are the same. */
export interface OutputCache {
  /**
   * The outputs of an unchanged build, put back where they are missing; undefined: build.
   *
   * @param needsGraph - false only looks whether the import graph is there
   */
  recall(build: OutputBuild, needsGraph: boolean): Promise<RecalledOutputs | undefined>
  /**
   * Stores a build that started at `startedAt`. Returns why it cannot be remembered, if so.
   */
  remember(
    build: OutputBuild,
    written: WrittenOutputs,
    startedAt: number,
  ): Promise<string | undefined>
}

/** A build whose outputs are on disk. */
export interface WrittenOutputs {
  readonly built: BuiltOutputs
  readonly outputs: readonly BundleOutput[]
  readonly bytes: (path: RelPath) => Uint8Array
}

/** A build that the cache answered. */
export interface RecalledOutputs {
  readonly outputs: readonly BundleOutput[]
  readonly warnings: readonly BuildMessage[]
  /** Reads the import graph when it is asked for: most repeats do not need it. */
  readonly metafile: () => BundleMetafile
  /** Outputs that had to be written again. */
  readonly restored: readonly RelPath[]
}

/**
 * Bundles entries into files, or into memory when neither `outdir` nor `outfile` is given.
 *
 * The way of both `somon bundle` and `ModuleSystem.bundle()`; they differ in the engine alone.
 *
 * @throws SomonError SOMON_BUNDLE_FAILED, SOMON_SYSTEM_CLEAN_REFUSED
 */
export async function bundleOutputs(
  entries: readonly string[],
  options: BundleOptions,
  parts: BundleParts,
): Promise<BundleResult> {
  const { clock, root } = parts
  const started = clock.elapsed()
  const build = completeOutputBuild(root, entries, options, parts.defaults)
  const onDisk = build.outdir !== undefined || build.outfile !== undefined
  const cache = options.cache === false || !onDisk ? undefined : parts.cache
  const recalled = await cache?.recall(build, options.metafile !== false)
  if (recalled !== undefined) {
    if (options.clean === true) cleanOutputs(build, recalled.outputs, () => recalled.metafile())
    return {
      outputs: recalled.outputs,
      warnings: recalled.warnings,
      cached: true,
      durationMs: clock.elapsed() - started,
      get metafile() {
        return recalled.metafile()
      },
    }
  }
  const startedAt = clock.now()
  const built = await parts.engine(build, options.signal)
  const written = describeOutputs(root, built)
  const { outputs } = written
  const metafile = (): BundleMetafile => readMetafile(built.report)
  if (options.clean === true) cleanOutputs(build, outputs, metafile)
  await cache?.remember(build, written, startedAt)
  return {
    outputs,
    warnings: built.warnings,
    cached: false,
    durationMs: clock.elapsed() - started,
    get metafile() {
      return metafile()
    },
  }
}

function describeOutputs(root: string, built: BuiltOutputs): WrittenOutputs {
  const read = new Map<RelPath, Uint8Array>()
  const outputs = Object.entries(built.report.outputs).map(([path, { entryPoint }]) => {
    const contents = built.contents?.get(path)
    const bytes = contents ?? readFileSync(fromRelPath(root, path))
    read.set(path, bytes)
    return { path, bytes: bytes.byteLength, sha256: digest(bytes), entry: entryPoint, contents }
  })
  return { built, outputs, bytes: (path) => read.get(path) ?? new Uint8Array() }
}
