import type { Digest } from '../base/digest.ts'
import { ALL_NAMES } from '../bundle/dir-names.ts'
import type { InputsManifest } from './manifest.ts'
import type { SyncFs } from './sync-fs.ts'
import { isSameFile, trustedBefore, type ValidateMode, writtenAt } from './validate.ts'

/**
 * Looks at the world as `fs` does, but takes from a record what its stat data proves unchanged: of
 * a build that follows an edit only the edited file is read.
 *
 * The rules are those of `validate()`: a file or folder is believed when nothing of its stat
 * differs and it was written more than two seconds before the record was last checked.
 *
 * @param now - wall time, ms; a record from the future is not believed
 */
export function withKnownHashes(
  fs: SyncFs,
  manifest: InputsManifest,
  now: number,
  mode: ValidateMode,
): SyncFs {
  const before = trustedBefore(manifest, now, mode)
  const files = new Map(manifest.files.map((row) => [row[0], row]))
  const dirs = new Map(manifest.dirs.map((row) => [row[0], row]))
  return {
    stat: (path) => fs.stat(path),
    link: (path) => fs.link(path),
    env: (name) => fs.env(name),
    hash(path) {
      const row = files.get(path)
      const stat = row && fs.stat(path)
      const known = row && stat && isSameFile(row, stat) && writtenAt(stat) < before
      return known ? { stat, sha256: row[1] } : fs.hash(path)
    },
    names(path, like) {
      const row = dirs.get(path)
      const stat = row && fs.stat(path)
      const known = row && stat?.mtimeMs === row[1] && writtenAt(stat) < before
      return known && isOfKind(row[2], like) ? row[2] : fs.names(path, like)
    },
  }
}

function isOfKind(names: Digest, like: Digest): boolean {
  return names.startsWith(ALL_NAMES) === like.startsWith(ALL_NAMES)
}
