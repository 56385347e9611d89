import { lstatSync } from 'node:fs'
import type { RelPath } from '../base/project-path.ts'
import { fromRelPath } from '../base/project-path.ts'
import type { BuildInputs } from '../bundle/build-inputs.ts'

/**
 * Marks what may have changed between esbuild's look at it and ours.
 *
 * The names in folders and the targets of links are recorded after the build. If one changed
 * since the build began, nobody knows which state esbuild saw: such a record holds for what was
 * asked now and for nothing later, so the next check builds again. Files need none of this, they
 * are hashed as they are handed to esbuild.
 *
 * The clock counts whole milliseconds, file systems fractions: the first one is given away, or
 * whoever saves and loads at once would build twice. esbuild takes longer to look anywhere.
 *
 * @param startedAt - wall time before the build, ms
 */
export function doubtful(inputs: BuildInputs, startedAt: number, root: string): BuildInputs {
  const limit = startedAt + 1
  return {
    ...inputs,
    dirs: inputs.dirs.map((row) => (row[1] < limit ? row : [row[0], row[1], UNKNOWN_NAMES])),
    symlinks: inputs.symlinks.map((row) =>
      linkedAt(root, row[0]) < limit ? row : [row[0], UNKNOWN_TARGET],
    ),
  }
}

/** The digest of no list of names. */
const UNKNOWN_NAMES = '0'.repeat(64)

/** No link has an empty target. */
const UNKNOWN_TARGET = ''

/** A link is never rewritten, only replaced: its ctime is its beginning. */
function linkedAt(root: string, path: RelPath): number {
  try {
    return lstatSync(fromRelPath(root, path)).ctimeMs
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
