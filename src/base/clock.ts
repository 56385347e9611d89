// The global functions may be replaced by the very modules whose time is measured.
import { clearTimeout, setTimeout } from 'node:timers'

/** Time as a part, so that tests can move it. All values are milliseconds. */
export interface Clock {
  /** Wall time, epoch ms: for records and for comparison with file times. */
  now(): number
  /** Monotonic ms with fractions: for durations. */
  elapsed(): number
  /** Calls `fn` once after `delayMs`; the timer keeps no process alive unless told to. */
  schedule(fn: () => void, delayMs: number, options?: ScheduleOptions): Scheduled
}

/** How a scheduled call counts for the end of the process. */
export interface ScheduleOptions {
  /** For a call that somebody's work waits for, and nothing else would bring on. */
  readonly keepsAlive: boolean
}

/** A call that waits for its time; `cancel()` after it ran does nothing. */
export interface Scheduled {
  cancel(): void
}

/** The real clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed() {
    // `performance` would load node:perf_hooks, a dozen modules (docs/notes/node.md).
    const [seconds, nanoseconds] = process.hrtime()
    return seconds * 1e3 + nanoseconds / 1e6
  },
  schedule(fn, delayMs, options) {
    const timer = setTimeout(fn, delayMs)
    if (options?.keepsAlive !== true) timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
}
