import type { Stats } from 'node:fs'
import { statfsSync, statSync } from 'node:fs'
import { release } from 'node:os'
import { isSettled } from '../base/settled.ts'

/**
 * Finds out whether any two changes of a file show in its stat, however quickly they follow.
 *
 * Since Linux 6.13 these file systems give a file whose times somebody has read a time of its own
 * with the next change; until then, and elsewhere, changes within a tick of the clock share one.
 */
export class Stamps {
  readonly #device: number | undefined

  /** @param folder - the files of its device are known, no others */
  constructor(folder: string, system: string = process.platform, kernel: string = release()) {
    this.#device = isNewLinux(system, kernel) ? localDevice(folder) : undefined
  }

  /** True where any two changes show, at least on the device of the folder. */
  get areKnown(): boolean {
    return this.#device !== undefined
  }

  /** Tells whether every change after this stat gives another one. */
  areDistinct({ dev, ctimeMs }: Stats): boolean {
    // Whole milliseconds come from a disk format that has no room for more.
    return dev === this.#device && !Number.isInteger(ctimeMs)
  }

  /** Tells whether that is so for a stat taken at `now` or later: also where time has passed. */
  areSettled(stat: Stats, now: number): boolean {
    return this.areDistinct(stat) || isSettled(stat, now)
  }
}

/** Tells whether two stats are of one file that nobody has written to in between. */
export function isSameStat(was: Stats, is: Stats | undefined): boolean {
  return (
    is !== undefined &&
    is.size === was.size &&
    is.mtimeMs === was.mtimeMs &&
    is.ctimeMs === was.ctimeMs &&
    is.ino === was.ino
  )
}

function isNewLinux(system: string, kernel: string): boolean {
  const [major = 0, minor = 0] = kernel.split('.').map(Number)
  return system === 'linux' && (major > 6 || (major === 6 && minor >= 13))
}

/**
 * The device of a folder, where this machine's own clock stamps the files of it.
 *
 * A folder that cannot be looked at is somebody else's error.
 */
export function localDevice(folder: string): number | undefined {
  try {
    return LOCAL.has(statfsSync(folder).type) ? statSync(folder).dev : undefined
  } catch {
    return undefined
  }
}

/** ext4, XFS, Btrfs and tmpfs, as `statfs(2)` numbers them. */
const LOCAL: ReadonlySet<number> = new Set([0xef53, 0x58465342, 0x9123683e, 0x01021994])
