import { statSync, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import { fromRelPath } from '../base/project-path.ts'
import { isSettled } from '../base/settled.ts'
import type { BuildInputs } from './build-inputs.ts'
import { KeptReads, type ReadInput } from './inputs.ts'
import type { BuildMetafile, MetafileImport } from './metafile.ts'
import { isSameStat, type Stamps } from './stamps.ts'

type FolderRow = BuildInputs['dirs'][number]

/** What an import graph was found to depend on. */
export interface DerivedInputs {
  readonly inputs: BuildInputs
  /** The files of `inputs`, absolute, in their order. */
  readonly files: readonly string[]
}

interface Derivation extends DerivedInputs {
  readonly graph: BuildMetafile
  /** Every folder in which something was found or missed; undefined for one that is missing. */
  readonly folders: ReadonlyMap<string, Stats | undefined>
}

/**
 * What the builds of one hot entry have learnt of configuration files and folders: what a stat
 * clears is not read again.
 */
export class KeptFacts {
  readonly #stamps: Stamps
  readonly #files: KeptReads
  readonly #folders = new Map<string, { readonly stat: Stats; readonly row: FolderRow }>()
  #derivation: Derivation | undefined

  constructor(stamps: Stamps) {
    this.#stamps = stamps
    this.#files = new KeptReads(stamps)
  }

  /**
   * @param now - wall time before the build, ms
   * @throws the system's error when the file cannot be read
   */
  read(file: string, now: number): ReadInput {
    return this.#files.read(file, now)
  }

  /** Returns the row of a folder; `make` lists its names when they may have changed. */
  folder(
    folder: string,
    now: number,
    make: (stat: Stats) => FolderRow | undefined,
  ): FolderRow | undefined {
    const stat = statSync(folder, NO_THROW)
    const kept = this.#folders.get(folder)
    if (kept !== undefined && isSameStat(kept.stat, stat)) return kept.row
    this.#folders.delete(folder)
    const row = stat === undefined ? undefined : make(stat)
    if (stat !== undefined && row !== undefined && this.#stamps.areSettled(stat, now)) {
      this.#folders.set(folder, { stat, row })
    }
    return row
  }

  /**
   * Returns what was derived of an equal graph, if no name has come or gone since in any folder
   * that had a say; what the files hold now is for the caller to look up.
   */
  derived(graph: BuildMetafile): DerivedInputs | undefined {
    const last = this.#derivation
    if (last === undefined || !hasSameImports(last.graph, graph)) return undefined
    for (const [folder, was] of last.folders) {
      const is = statSync(folder, NO_THROW)
      if (was === undefined ? is !== undefined : !isSameStat(was, is)) return undefined
    }
    return last
  }

  /** @param now - wall time before anything of it was looked up, ms */
  remember(graph: BuildMetafile, inputs: BuildInputs, root: string, now: number): void {
    this.#derivation = undefined
    const folders = new Map<string, Stats | undefined>()
    const add = (folder: string): boolean => {
      if (folders.has(folder)) return true
      const stat = statSync(folder, NO_THROW)
      folders.set(folder, stat)
      return stat === undefined || isSettled(stat, now)
    }
    for (const [path] of inputs.dirs) if (!add(fromRelPath(root, path))) return
    for (const path of inputs.absent) if (!add(dirname(fromRelPath(root, path)))) return
    const files = inputs.files.map(([path]) => fromRelPath(root, path))
    this.#derivation = { graph, inputs, files, folders }
  }
}

const NO_THROW = { throwIfNoEntry: false } as const

function hasSameImports(a: BuildMetafile, b: BuildMetafile): boolean {
  const [before, after] = [Object.entries(a.inputs), Object.entries(b.inputs)]
  return (
    before.length === after.length &&
    before.every(([path, { imports }], at) => {
      const [name, input] = after[at] ?? []
      return (
        name === path &&
        input?.imports.length === imports.length &&
        imports.every((item, index) => isSameImport(item, input.imports[index]))
      )
    })
  )
}

function isSameImport(a: MetafileImport, b: MetafileImport | undefined): boolean {
  return (
    a.path === b?.path &&
    a.original === b.original &&
    a.external === b.external &&
    a.kind === b.kind
  )
}
