import { statSync, type Stats } from 'node:fs'
import type { Clock } from '../base/clock.ts'
import { isSettled } from '../base/settled.ts'
import { readPackageJson, type PackageJson } from './json-file.ts'

/**
 * Reads package.json files; one that a stat clears is not read again, because the project's own
 * is asked for on every reload. What was read of a young file is not kept.
 */
export class PackageFiles {
  readonly #root: string
  readonly #clock: Pick<Clock, 'now'>
  readonly #kept = new Map<string, { readonly stat: Stats; readonly json: PackageJson }>()

  constructor(root: string, clock: Pick<Clock, 'now'>) {
    this.#root = root
    this.#clock = clock
  }

  /**
   * @returns undefined when there is none
   * @throws SomonError SOMON_RESOLVE_UNREADABLE_CONFIG when it is not a JSON object
   */
  of(file: string): PackageJson | undefined {
    const now = this.#clock.now()
    const stat = statOf(file)
    const kept = this.#kept.get(file)
    if (kept !== undefined && stat !== undefined && isSame(kept.stat, stat)) return kept.json
    this.#kept.delete(file)
    const json = readPackageJson(file, this.#root)
    if (json !== undefined && stat !== undefined && isSettled(stat, now)) {
      this.#kept.set(file, { stat, json })
    }
    return json
  }
}

function statOf(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false })
  } catch {
    // Whoever reads it says what is wrong.
    return undefined
  }
}

function isSame(was: Stats, is: Stats): boolean {
  return (
    was.size === is.size &&
    was.mtimeMs === is.mtimeMs &&
    was.ctimeMs === is.ctimeMs &&
    was.ino === is.ino
  )
}
