import type { Clock, Scheduled } from './clock.ts'

/** When a deadline is over. */
export interface DeadlineTime {
  readonly delayMs: number
  /** `clock.elapsed()` of its begin, for who has asked already; without it, lateness is not seen. */
  readonly startedAt: number | undefined
  /** For a deadline that somebody waits for: nothing else may keep the process alive till then. */
  readonly keepsAlive?: boolean | undefined
}

/**
 * Calls `fn` after `delayMs`; where something kept the thread beyond that, one turn of the event
 * loop later.
 *
 * Timers come before input in a turn: a plain one would end calls whose answers have been there
 * for long, and blame whoever gave them. The turn costs 1 ms.
 */
export function scheduleDeadline(
  clock: Clock,
  fn: () => void,
  { delayMs, startedAt, keepsAlive = false }: DeadlineTime,
): Scheduled {
  const options = { keepsAlive }
  const onTime = (): void => {
    const isLate = startedAt !== undefined && clock.elapsed() - startedAt - delayMs >= LATE_MS
    if (isLate) timer = clock.schedule(fn, 0, options)
    else fn()
  }
  let timer = clock.schedule(onTime, delayMs, options)
  return { cancel: () => timer.cancel() }
}

/** Timers of a process that is not busy are late by about 1 ms. */
const LATE_MS = 3
