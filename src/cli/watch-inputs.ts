import { dirname, join } from 'node:path'
import type { SomonError } from '../base/error.ts'
import { toRelPath } from '../base/project-path.ts'
import type { BuildInputs } from '../bundle/build-inputs.ts'
import type { BundleResult } from '../bundle/output.ts'
import { completeOutputBuild, OUTPUT_DEFAULTS } from '../bundle/output-build.ts'
import { createSyncFs } from '../load/sync-fs.ts'
import { watchTargets } from '../load/watch-targets.ts'
import { listOutputInputs } from '../system/output-inputs.ts'
import { withoutOutputs } from '../system/without-outputs.ts'
import type { WatchTargets } from '../watch/change-set.ts'
import type { PreparedBundle } from './prepare-bundle.ts'

/** What a watched bundle depends on, and where to look for it. */
export interface WatchedInputs {
  readonly inputs: readonly BuildInputs[]
  readonly targets: WatchTargets
}

/** Lists what a finished bundle depends on. */
export async function watchedInputs(
  { root, options, entries }: PreparedBundle,
  { metafile }: BundleResult,
): Promise<WatchedInputs> {
  const build = completeOutputBuild(root, entries, options, OUTPUT_DEFAULTS)
  const fs = withoutOutputs(
    createSyncFs(root, () => undefined),
    build,
  )
  const inputs = [await listOutputInputs(build, metafile, fs)]
  return { inputs, targets: watchTargets([{ entry: '', inputs }], root) }
}

/**
 * Adds to what was watched the entries and every place that a failure names, each with its
 * folder: a file that is missing appears there.
 */
export function withFailure(
  { root, entries }: PreparedBundle,
  error: SomonError,
  before: WatchedInputs | undefined,
): WatchedInputs {
  const places = [error, ...(error.errors ?? [])].flatMap(({ location }) => location?.file ?? [])
  const files = [...entries.filter((entry) => entry.startsWith('.')), ...places]
  const paths = files.map((file) => join(root, file))
  const inputs: BuildInputs = {
    files: [],
    dirs: [...new Set(paths.map((path) => toRelPath(root, dirname(path))))].map((dir) => [
      dir,
      0,
      '',
    ]),
    symlinks: [],
    absent: paths.map((path) => toRelPath(root, path)),
    env: [],
  }
  const all = [...(before?.inputs ?? []), inputs]
  const targets = watchTargets([{ entry: '', inputs: all }], root)
  return {
    inputs: before?.inputs ?? [],
    targets: { ...targets, files: [...targets.files, ...paths] },
  }
}
