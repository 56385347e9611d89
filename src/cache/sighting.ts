import { readFileSync } from 'node:fs'

/** What tells whether a file may have changed. */
export interface SeenStat {
  readonly size: number
  readonly mtimeMs: number
  readonly ctimeMs: number
  readonly ino: number
}

/** What `fstat` said of a stored file whose bytes were found to be whole. */
export interface Sighting extends SeenStat {
  /** The start of the machine during which it was seen: only within it no write is lost. */
  readonly boot: string
  /** Wall time before the bytes were read, ms. */
  readonly seenAt: number
}

/**
 * Tells whether a file is still the one that was seen, so that its bytes need no hashing.
 *
 * A write changes the ctime, and nobody can set that; a copy has another inode number; what a
 * power cut tore belongs to another start of the machine. A sighting from the future means that
 * the clock was set back since: then a later write may bear the same time.
 *
 * @param now - wall time, ms
 */
export function isAsSeen(stat: SeenStat, seen: Sighting, boot: string, now: number): boolean {
  return seen.boot === boot && seen.seenAt <= now && isSameStat(stat, seen)
}

/** Whether a new sighting says nothing that the old one does not. */
export function isSameSighting(one: Sighting, other: Sighting): boolean {
  return one.boot === other.boot && isSameStat(one, other)
}

/**
 * Makes the sighting of a file whose bytes have just been verified.
 *
 * @param stat - of the descriptor, taken after the bytes were read from it
 * @param seenAt - wall time before they were read
 * @returns undefined for a file so young that a later write may bear the same time, and where
 *   files have no numbers
 */
export function sightingOf(stat: SeenStat, boot: string, seenAt: number): Sighting | undefined {
  const { size, mtimeMs, ctimeMs, ino } = stat
  const youngest = seenAt - stepMs(stat)
  if (ino === 0 || mtimeMs >= youngest || ctimeMs >= youngest) return undefined
  return { boot, seenAt, size, mtimeMs, ctimeMs, ino }
}

/**
 * Names the current start of the machine; undefined where the system gives it no name (only Linux
 * does), which is where nothing is trusted.
 */
export function bootId(): string | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim() || undefined
  } catch {
    return undefined
  }
}

function isSameStat(one: SeenStat, other: SeenStat): boolean {
  return (
    one.size === other.size &&
    one.mtimeMs === other.mtimeMs &&
    one.ctimeMs === other.ctimeMs &&
    one.ino === other.ino
  )
}

/**
 * More than the step in which a file system counts time.
 *
 * A ctime with digits below 10 ms comes from one that stores fractions, where the step is the
 * kernel's tick of at most 10 ms; one without may come from FAT, which counts in 2 s.
 */
function stepMs({ ctimeMs }: SeenStat): number {
  return ctimeMs % 10 === 0 ? 2000 : 100
}
