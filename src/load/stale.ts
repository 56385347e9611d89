import type { PlatformPath } from 'node:path'
import nodePath from 'node:path'
import type { RelPath } from '../base/project-path.ts'
import { toRelPath } from '../base/project-path.ts'
import type { BuildInputs } from '../bundle/build-inputs.ts'
import type { ChangeKind, ChangeSet } from '../watch/change-set.ts'

/** One entry with what it depends on; one that failed has the inputs of the attempt as well. */
export interface TrackedInputs {
  readonly entry: RelPath
  readonly inputs: readonly BuildInputs[]
}

/** The entries that a change set may have changed, each with the paths that did it. */
export interface StaleSet {
  readonly entries: ReadonlyMap<RelPath, readonly RelPath[]>
  /** The watcher lost events: every entry is listed and nothing is known about why. */
  readonly overflow: boolean
}

/**
 * Tells which entries a change set can have made stale.
 *
 * It may name too many (a touched file), never too few: `artifact(entry, {fresh: true})` decides.
 * A change concerns an entry when it is at one of its files, links or absent paths or at a folder
 * above one, or when it adds or removes a name in one of its folders.
 *
 * @param path - the platform's path module; tests pass `path.win32`
 */
export function stale(
  changes: ChangeSet,
  tracked: Iterable<TrackedInputs>,
  root: string,
  path: PlatformPath = nodePath,
): StaleSet {
  const changed = new Map<RelPath, ChangeKind>()
  for (const [file, kind] of changes.changes) changed.set(toRelPath(root, file, path), kind)
  const entries = new Map<RelPath, readonly RelPath[]>()
  for (const { entry, inputs } of tracked) {
    const causes = new Set<RelPath>()
    for (const one of inputs) collectCauses(one, changed, causes)
    if (causes.size > 0 || changes.overflow) entries.set(entry, [...causes].toSorted())
  }
  return { entries, overflow: changes.overflow }
}

function collectCauses(
  inputs: BuildInputs,
  changed: ReadonlyMap<RelPath, ChangeKind>,
  causes: Set<RelPath>,
): void {
  for (const [file] of inputs.files) collectAt(file, changed, causes)
  for (const [link] of inputs.symlinks) collectAt(link, changed, causes)
  for (const absent of inputs.absent) collectAt(absent, changed, causes)
  if (inputs.dirs.length === 0) return
  const dirs = new Set(inputs.dirs.map(([dir]) => dir))
  for (const [file, kind] of changed) {
    if (kind === 'changed' ? dirs.has(file) : dirs.has(parentOf(file)) || dirs.has(file)) {
      causes.add(file)
    }
  }
}

/** A folder that comes, goes or is renamed takes everything below it along. */
function collectAt(
  file: RelPath,
  changed: ReadonlyMap<RelPath, ChangeKind>,
  causes: Set<RelPath>,
): void {
  if (changed.has(file)) causes.add(file)
  for (let above = parentOf(file); above !== '' && above !== file; above = parentOf(above)) {
    const kind = changed.get(above)
    if (kind === 'added' || kind === 'removed') causes.add(above)
  }
}

/** The root itself is the empty path. */
function parentOf(file: RelPath): RelPath {
  const slash = file.lastIndexOf('/')
  return slash < 0 ? '' : file.slice(0, slash)
}
