import type { Clock, Scheduled } from '../base/clock.ts'
import { scheduleDeadline } from '../base/deadline-timer.ts'
import type { Verdict } from './outcome.ts'
import { halfOpenMs, type BreakerSettings } from './settings.ts'

/** How a probe round ended. */
export type RoundResult = 'probes-succeeded' | 'probe-failed' | 'probe-timeout'

/** What a round needs, and whom it tells. */
export interface RoundParts {
  readonly clock: Clock
  readonly settings: () => BreakerSettings
  /** Called once, in the turn that decides; `hintMs` is what a failed probe asked for. */
  readonly onDecided: (result: RoundResult, hintMs: number | undefined) => void
}

/**
 * The probes of one half-open time: some at once, each with a deadline of its own.
 *
 * The number of probes has no limit, so any `successes` can be reached. There is no deadline of
 * the round: it would never close a circuit that is called seldom. A probe past its deadline
 * fails the round while its call goes on.
 */
export class ProbeRound {
  #running = 0
  #successes = 0
  #isOver = false
  readonly #deadlines = new Set<Scheduled>()
  readonly #parts: RoundParts

  constructor(parts: RoundParts) {
    this.#parts = parts
  }

  /** Returns the function that takes the probe's verdict, or undefined when all places are taken. */
  admit(): ((verdict: Verdict) => void) | undefined {
    const { clock, settings } = this.#parts
    if (this.#isOver || this.#running >= settings().halfOpen.probes) return undefined
    this.#running += 1
    const deadline = scheduleDeadline(clock, () => this.#decide('probe-timeout'), {
      ...{ delayMs: halfOpenMs(settings()), startedAt: clock.elapsed() },
    })
    this.#deadlines.add(deadline)
    return (verdict) => {
      if (!this.#deadlines.delete(deadline)) return
      deadline.cancel()
      this.#running -= 1
      this.#settle(verdict)
    }
  }

  /** A probe that had succeeded has failed after all. */
  fail({ retryAfterMs }: Verdict): void {
    this.#decide('probe-failed', retryAfterMs)
  }

  /** Ends the round without a result, and its timers. */
  cancel(): void {
    this.#isOver = true
    for (const deadline of this.#deadlines) deadline.cancel()
    this.#deadlines.clear()
  }

  #settle({ outcome, slow, retryAfterMs }: Verdict): void {
    if (outcome === 'ignored') return
    if (outcome !== 'ok' || slow) {
      this.#decide('probe-failed', retryAfterMs)
      return
    }
    this.#successes += 1
    if (this.#successes >= this.#parts.settings().halfOpen.successes) {
      this.#decide('probes-succeeded')
    }
  }

  #decide(result: RoundResult, hintMs?: number): void {
    this.cancel()
    this.#parts.onDecided(result, hintMs)
  }
}
