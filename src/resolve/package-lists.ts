import { readdirSync, statSync, type Dirent, type Stats } from 'node:fs'
import type { Clock } from '../base/clock.ts'
import { isSettled } from '../base/settled.ts'
import { packageNameOf } from './specifier.ts'

/** What a node_modules folder, or a scope in one, holds. */
export interface PackageList {
  /** Names of folders, of packages that were installed there. */
  readonly folders: readonly string[]
  /** Names of links. */
  readonly links: readonly string[]
  /** Names of the folders of scopes. */
  readonly scopes: readonly string[]
}

/** How a folder is looked at; tests count. */
export interface FolderReader {
  stat(folder: string): Stats | undefined
  list(folder: string): readonly Dirent[]
}

/** What a folder held when it was listed, and what its stat said before. */
export interface RememberedList extends Pick<PackageList, 'links' | 'scopes'> {
  readonly mtimeMs: number
  readonly ctimeMs: number
  readonly ino: number
}

/** Keeps lists from one process to the next. */
export interface ListMemory {
  recall(folder: string): RememberedList | undefined
  /** Called for lists of settled folders only. */
  remember(folder: string, list: RememberedList): void
}

/**
 * Lists the packages of folders; a folder that a stat clears is not listed again, because a
 * project with hundreds of packages is asked for them on every reload.
 *
 * Everything that comes into a folder or leaves it, and a link that is set anew, changes the
 * folder's own time. The listing of a folder with a young time is not kept.
 */
export class PackageLists {
  readonly #clock: Pick<Clock, 'now'>
  readonly #reader: FolderReader
  readonly #memory: ListMemory | undefined
  readonly #kept = new Map<string, Kept>()

  constructor(clock: Pick<Clock, 'now'>, memory?: ListMemory, reader: FolderReader = diskReader) {
    this.#clock = clock
    this.#memory = memory
    this.#reader = reader
  }

  /** @param scope - the name of the scope with its slash; empty for a node_modules folder */
  of(folder: string, scope: string): PackageList {
    const now = this.#clock.now()
    const stat = this.#reader.stat(folder)
    if (stat === undefined) {
      this.#kept.delete(folder)
      return NONE
    }
    const kept = this.#kept.get(folder) ?? this.#recalled(folder, scope)
    if (kept !== undefined && isSame(kept.stat, stat)) {
      this.#kept.set(folder, kept)
      return kept.list
    }
    const list = packagesAmong(this.#reader.list(folder), scope)
    if (isSettled(stat, now)) {
      this.#kept.set(folder, { stat, list })
      this.#memory?.remember(folder, { ...factsOf(stat), links: list.links, scopes: list.scopes })
    } else this.#kept.delete(folder)
    return list
  }

  #recalled(folder: string, scope: string): Kept | undefined {
    const remembered = this.#memory?.recall(folder)
    if (remembered === undefined) return undefined
    const { links, scopes } = remembered
    const list = (): PackageList => packagesAmong(this.#reader.list(folder), scope)
    let folders: readonly string[] | undefined
    return {
      stat: remembered,
      list: {
        get folders() {
          folders ??= list().folders
          return folders
        },
        links,
        scopes,
      },
    }
  }
}

type FolderFacts = Pick<Stats, 'mtimeMs' | 'ctimeMs' | 'ino'>

interface Kept {
  readonly stat: FolderFacts
  readonly list: PackageList
}

const NONE: PackageList = { folders: [], links: [], scopes: [] }

function factsOf({ mtimeMs, ctimeMs, ino }: Stats): FolderFacts {
  return { mtimeMs, ctimeMs, ino }
}

function isSame(was: FolderFacts, is: FolderFacts): boolean {
  return was.mtimeMs === is.mtimeMs && was.ctimeMs === is.ctimeMs && was.ino === is.ino
}

function packagesAmong(entries: readonly Dirent[], scope: string): PackageList {
  const links: string[] = []
  const scopes: string[] = []
  for (const entry of entries) {
    const isLink = entry.isSymbolicLink()
    if (scope === '' && !isLink && entry.name.startsWith('@')) scopes.push(entry.name)
    else if (isLink && isPackageName(scope + entry.name)) links.push(scope + entry.name)
  }
  let folders: readonly string[] | undefined
  return {
    // Hundreds, which few projects ask for.
    get folders() {
      folders ??= entries
        .filter((entry) => entry.isDirectory() && isPackageName(scope + entry.name))
        .map((entry) => scope + entry.name)
      return folders
    },
    links,
    scopes,
  }
}

function isPackageName(name: string): boolean {
  return packageNameOf(name) === name
}

const diskReader: FolderReader = {
  stat: (folder) => attempt(() => statSync(folder, { throwIfNoEntry: false })),
  // Not there or not readable: either way nothing can be imported from it.
  list: (folder) => attempt(() => readdirSync(folder, { withFileTypes: true })) ?? [],
}

function attempt<T>(look: () => T | undefined): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}
