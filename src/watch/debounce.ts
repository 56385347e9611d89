import type { Clock, Scheduled } from '../base/clock.ts'

/** How long events are collected. */
export interface DebounceTimes {
  /** Quiet time after the last event. */
  readonly debounceMs: number
  /** Longest time after the first event; wins over `debounceMs`. */
  readonly maxDelayMs: number
}

/** However often files are written, a change is told after this time: ten quiet times. */
export function longestDelayMs(debounceMs: number): number {
  return Math.max(250, 10 * debounceMs)
}

/** The events of one window, by time; undefined while there are none. */
export interface DebounceWindow {
  readonly firstAt: number
  readonly lastAt: number
}

/** Adds an event to a window, or opens one. */
export function noted(window: DebounceWindow | undefined, now: number): DebounceWindow {
  return { firstAt: window?.firstAt ?? now, lastAt: now }
}

/** Returns the time at which a window ends if nothing else happens. */
export function dueAt(window: DebounceWindow, times: DebounceTimes): number {
  return Math.min(window.lastAt + times.debounceMs, window.firstAt + times.maxDelayMs)
}

/**
 * Calls `flush` once for every burst of events.
 *
 * At most one timer waits. It is not moved by later events: when it fires too early it is set
 * again, so a thousand events cost a thousand comparisons and not a thousand timers.
 */
export class Debouncer {
  readonly #clock: Clock
  readonly #flush: () => void
  #times: DebounceTimes
  #window: DebounceWindow | undefined
  #timer: Scheduled | undefined

  constructor(parts: { clock: Clock; times: DebounceTimes; flush: () => void }) {
    this.#clock = parts.clock
    this.#times = parts.times
    this.#flush = parts.flush
  }

  /** True while events wait. */
  get pending(): boolean {
    return this.#window !== undefined
  }

  note(): void {
    this.#window = noted(this.#window, this.#clock.elapsed())
    this.#timer ??= this.#schedule(this.#window)
  }

  /** Changes the times; a window that is open ends by the new ones. */
  set times(times: DebounceTimes) {
    this.#times = times
    this.#timer?.cancel()
    this.#timer = this.#window === undefined ? undefined : this.#schedule(this.#window)
  }

  /** Drops what waits. */
  cancel(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#window = undefined
  }

  #schedule(window: DebounceWindow): Scheduled {
    const delayMs = Math.max(0, dueAt(window, this.#times) - this.#clock.elapsed())
    // A timer counts whole milliseconds and may fire a fraction early.
    return this.#clock.schedule(() => this.#fire(), Math.ceil(delayMs))
  }

  #fire(): void {
    const window = this.#window
    if (window === undefined) return
    if (dueAt(window, this.#times) > this.#clock.elapsed()) {
      this.#timer = this.#schedule(window)
      return
    }
    this.#window = undefined
    this.#timer = undefined
    this.#flush()
  }
}
