/** The times of a file's stat, as `node:fs` gives them. */
export interface FileTimes {
  readonly mtimeMs: number
  readonly ctimeMs: number
}

/**
 * Tells whether any change after `now` gives a file another time than it has.
 *
 * A young file may be written again in the same tick of the clock that stamps it. Times with
 * fractions of a millisecond come from a kernel's clock, whose ticks take 10 ms at most; others
 * may count in steps of two seconds (FAT).
 *
 * @param now - wall time before the file was looked at, ms
 */
export function isSettled({ mtimeMs, ctimeMs }: FileTimes, now: number): boolean {
  const tickMs = Number.isInteger(ctimeMs) ? COARSE_TICK_MS : FINE_TICK_MS
  return Math.max(mtimeMs, ctimeMs) < now - tickMs
}

const FINE_TICK_MS = 100
const COARSE_TICK_MS = 2000
