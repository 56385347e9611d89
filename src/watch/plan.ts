import type { PlatformPath } from 'node:path'
import nodePath from 'node:path'
import type { WatchTargets } from './change-set.ts'

/** Which names of one folder matter: some, or every one. */
export type NamesOfInterest = ReadonlySet<string> | 'all'

/** What has to be watched so that every target is covered. */
export interface WatchPlan {
  readonly folders: ReadonlyMap<string, NamesOfInterest>
  /**
   * Paths that are no targets but decide where targets are: folders on the way to them, and the
   * first missing step of the way to a target that is not there.
   */
  readonly structure: ReadonlySet<string>
}

/**
 * Plans the folders to watch: the parent of every file, every listed folder, and for a path that
 * is not there its nearest existing ancestor. Never what lies below a folder.
 *
 * Folders between those and their common ancestor are watched for the one name that leads on,
 * because renaming a folder tells nothing to those who watch what is in it.
 *
 * @param isFolder - links are followed
 * @param path - the platform's path module; tests pass `path.win32`
 */
export function planFolders(
  targets: WatchTargets,
  isFolder: (path: string) => boolean,
  path: PlatformPath = nodePath,
): WatchPlan {
  const folders = new Map<string, Set<string> | 'all'>()
  const structure = new Set<string>()
  const want = (item: string): void => {
    const parent = path.dirname(item)
    const names = folders.get(parent)
    if (names === undefined) folders.set(parent, new Set([path.basename(item)]))
    else if (names !== 'all') names.add(path.basename(item))
  }
  const wantStep = (item: string): void => {
    structure.add(item)
    want(item)
  }
  const known = memoize(isFolder)
  for (const folder of targets.dirs) {
    if (known(folder)) folders.set(folder, 'all')
    else wantStep(firstMissing(folder, known, path))
  }
  for (const item of [...targets.files, ...targets.absent]) {
    const parent = path.dirname(item)
    if (known(parent)) want(item)
    else wantStep(firstMissing(parent, known, path))
  }
  const common = commonAncestor([...folders.keys()], path)
  for (const folder of Array.from(folders.keys())) {
    let at = folder
    while (at !== common && !structure.has(at) && path.dirname(at) !== at) {
      wantStep(at)
      at = path.dirname(at)
    }
  }
  return { folders, structure }
}

/** Tells whether a folder opened for some names serves others too. */
export function covers(open: NamesOfInterest, wanted: NamesOfInterest): boolean {
  if (open === 'all') return true
  return wanted !== 'all' && wanted.isSubsetOf(open)
}

/** Climbs from a folder that is not there to the highest step that is missing. */
function firstMissing(
  folder: string,
  isFolder: (path: string) => boolean,
  path: PlatformPath,
): string {
  let step = folder
  while (!isFolder(path.dirname(step)) && path.dirname(step) !== step) step = path.dirname(step)
  return step
}

/** Returns the deepest folder that holds all others; of drives apart, each is its own top. */
function commonAncestor(folders: readonly string[], path: PlatformPath): string | undefined {
  let common = folders[0]
  for (const folder of folders) {
    while (common !== undefined && !holds(common, folder, path)) {
      const parent = path.dirname(common)
      common = parent === common ? undefined : parent
    }
  }
  return common
}

function holds(ancestor: string, folder: string, path: PlatformPath): boolean {
  const prefix = ancestor.endsWith(path.sep) ? ancestor : ancestor + path.sep
  return folder === ancestor || folder.startsWith(prefix)
}

function memoize(isFolder: (path: string) => boolean): (path: string) => boolean {
  const known = new Map<string, boolean>()
  return (item) => {
    let answer = known.get(item)
    if (answer === undefined) {
      answer = isFolder(item)
      known.set(item, answer)
    }
    return answer
  }
}
