import { statSync, type Stats } from 'node:fs'
import type { BuildInputs } from './build-inputs.ts'
import { KeptReads, type ReadInput } from './inputs.ts'
import { isSameStat, type Stamps } from './stamps.ts'

type FolderRow = BuildInputs['dirs'][number]

/**
 * What the builds of one hot entry have learnt of configuration files and folders: what a stat
 * clears is not read again.
 */
export class KeptFacts {
  readonly #stamps: Stamps
  readonly #files: KeptReads
  readonly #folders = new Map<string, { readonly stat: Stats; readonly row: FolderRow }>()

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
    const stat = statSync(folder, { throwIfNoEntry: false })
    const kept = this.#folders.get(folder)
    if (kept !== undefined && isSameStat(kept.stat, stat)) return kept.row
    this.#folders.delete(folder)
    const row = stat === undefined ? undefined : make(stat)
    if (stat !== undefined && row !== undefined && this.#stamps.areSettled(stat, now)) {
      this.#folders.set(folder, { stat, row })
    }
    return row
  }
}
