import { fromRelPath } from '../base/project-path.ts'
import type { WatchTargets } from '../watch/change-set.ts'
import type { TrackedInputs } from './stale.ts'

/**
 * Lists exactly what can make entries stale: their files and links, the folders whose names
 * count, and the paths whose appearance counts; failed entries included, so that creating a
 * missing file heals them. Absolute, sorted, each once.
 */
export function watchTargets(tracked: Iterable<TrackedInputs>, root: string): WatchTargets {
  const files = new Set<string>()
  const dirs = new Set<string>()
  const absent = new Set<string>()
  for (const { inputs } of tracked) {
    for (const one of inputs) {
      for (const [path] of one.files) files.add(fromRelPath(root, path))
      for (const [path] of one.symlinks) files.add(fromRelPath(root, path))
      for (const [path] of one.dirs) dirs.add(fromRelPath(root, path))
      for (const path of one.absent) absent.add(fromRelPath(root, path))
    }
  }
  return {
    files: [...files].toSorted(),
    dirs: [...dirs].toSorted(),
    absent: [...absent].filter((path) => !files.has(path)).toSorted(),
  }
}
