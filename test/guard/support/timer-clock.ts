import type { Clock } from '../../../src/base/clock.ts'

/** The clock that vitest's fake timers drive, as they drive the timer of an engine. */
export function timerClock(): Clock {
  const origin = Date.now()
  return {
    now: () => Date.now(),
    elapsed: () => Date.now() - origin,
    schedule(fn, delayMs) {
      const timer = setTimeout(fn, delayMs)
      return { cancel: () => clearTimeout(timer) }
    },
  }
}
