import { basename, dirname, join } from 'node:path'
import type { ChangeKind, WatchTargets } from './change-set.ts'
import { isCoarse, namesIn, signatureOf, type Signature } from './signature.ts'

/**
 * The state of every watched path as it was last reported.
 *
 * Only `compare` methods move it on, each path by itself; what was not compared still holds its
 * old state, so nothing is lost between two reports.
 */
export class Snapshot {
  #targets = new Map<string, Signature>()
  #structure = new Map<string, Signature>()
  #listings = new Map<string, Set<string>>()
  #byFolder = new Map<string, Set<string>>()

  /** How many targets there are. */
  get size(): number {
    return this.#targets.size + this.#listings.size
  }

  /** Replaces the targets; those that stay keep the state they were last reported with. */
  retarget(targets: WatchTargets): void {
    const paths = [...targets.files, ...targets.absent]
    this.#targets = renew(this.#targets, paths, signatureOf)
    this.#listings = renew(this.#listings, targets.dirs, namesIn)
    this.#index()
  }

  /** Replaces the paths that decide where targets are. */
  restructure(structure: Iterable<string>): void {
    this.#structure = renew(this.#structure, structure, signatureOf)
    this.#index()
  }

  isTarget(path: string): boolean {
    return this.#targets.has(path)
  }

  /**
   * Compares one path with the disk and adds what differs to `changes`.
   *
   * @param isChange - true when an event was about its contents
   * @returns true when the path is of the structure and is not what it was
   */
  compare(path: string, isChange: boolean, changes: Map<string, ChangeKind>): boolean {
    const now = signatureOf(path)
    const isMoved = this.#structure.has(path) && this.#structure.get(path) !== now
    if (isMoved) this.#structure.set(path, now)
    if (this.#targets.has(path)) {
      const kind = kindOf(this.#targets.get(path), now, isChange)
      this.#targets.set(path, now)
      if (kind !== undefined) changes.set(path, kind)
    }
    const names = this.#listings.get(dirname(path))
    if (names !== undefined) compareName(names, path, now !== undefined, changes)
    return isMoved
  }

  /** Compares everything that lies directly in a folder. */
  compareFolder(folder: string, changes: Map<string, ChangeKind>): boolean {
    let isMoved = false
    for (const name of this.#namesOf(folder)) {
      if (this.compare(join(folder, name), false, changes)) isMoved = true
    }
    return isMoved
  }

  /** Compares every path. */
  compareAll(changes: Map<string, ChangeKind>): void {
    for (const folder of new Set([...this.#byFolder.keys(), ...this.#listings.keys()])) {
      this.compareFolder(folder, changes)
    }
  }

  /** Tells whether anything directly in a folder is not what was last reported. */
  differs(folder: string): boolean {
    const listed = this.#listings.get(folder)
    const there = listed === undefined ? undefined : namesIn(folder)
    if (listed !== undefined && listed.symmetricDifference(there ?? new Set()).size > 0) return true
    for (const name of this.#byFolder.get(folder) ?? []) {
      const path = join(folder, name)
      const now = signatureOf(path)
      if (this.#targets.has(path) && this.#targets.get(path) !== now) return true
      if (this.#structure.has(path) && this.#structure.get(path) !== now) return true
    }
    return false
  }

  #namesOf(folder: string): ReadonlySet<string> {
    const tracked = this.#byFolder.get(folder) ?? new Set<string>()
    const listed = this.#listings.get(folder)
    return listed === undefined ? tracked : tracked.union(listed).union(namesIn(folder))
  }

  #index(): void {
    this.#byFolder = new Map()
    for (const path of [...this.#targets.keys(), ...this.#structure.keys()]) {
      const folder = dirname(path)
      const names = this.#byFolder.get(folder)
      if (names === undefined) this.#byFolder.set(folder, new Set([basename(path)]))
      else names.add(basename(path))
    }
  }
}

function renew<T>(
  old: ReadonlyMap<string, T>,
  paths: Iterable<string>,
  read: (path: string) => T,
): Map<string, T> {
  const next = new Map<string, T>()
  for (const path of paths) {
    const known = old.get(path)
    next.set(path, known !== undefined || old.has(path) ? (known as T) : read(path))
  }
  return next
}

function kindOf(before: Signature, now: Signature, isChange: boolean): ChangeKind | undefined {
  if (before === undefined) return now === undefined ? undefined : 'added'
  if (now === undefined) return 'removed'
  return before === now && !(isChange && isCoarse(now)) ? undefined : 'changed'
}

/** A name that comes or goes is told under its own path; what is in the file is not looked at. */
function compareName(
  names: Set<string>,
  path: string,
  isThere: boolean,
  changes: Map<string, ChangeKind>,
): void {
  const name = basename(path)
  if (names.has(name) === isThere) return
  changes.set(path, isThere ? 'added' : 'removed')
  if (isThere) names.add(name)
  else names.delete(name)
}
