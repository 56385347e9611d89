import type { Clock, Scheduled } from '../base/clock.ts'
import type { Breaker } from './breaker.ts'

/** What an active probe of one guard needs. */
export interface ActiveProbeParts {
  readonly clock: Clock
  readonly breaker: Pick<Breaker, 'mode'>
  /** Runs the user's probe through the stages; rejects when it failed or was refused. */
  readonly attempt: (signal: AbortSignal) => Promise<unknown>
}

/**
 * Calls a dependency whose circuit is half-open, one probe after the other until the round ends,
 * so that the circuit closes without traffic.
 *
 * Invariants: it runs exactly while the circuit is half-open; the end of the round aborts the probe
 * that runs. A probe that decided nothing, as one that found all places taken, is followed by a
 * pause: the round goes on, and a loop without one would take the thread.
 */
export class ActiveProbe {
  readonly #parts: ActiveProbeParts
  #round: AbortController | undefined
  #pause: Scheduled | undefined

  constructor(parts: ActiveProbeParts) {
    this.#parts = parts
  }

  /** To be called once the circuit is half-open. */
  start(): void {
    const round = new AbortController()
    this.#round = round
    this.#next(round)
  }

  /** To be called when the round has ended. */
  stop(): void {
    this.#pause?.cancel()
    this.#pause = undefined
    this.#round?.abort(ROUND_OVER)
    this.#round = undefined
  }

  #next(round: AbortController): void {
    // Under another mode no probe decides anything, so there would be no end of them.
    if (this.#parts.breaker.mode !== 'auto') this.#wait(round)
    else void this.#run(round)
  }

  async #run(round: AbortController): Promise<void> {
    const decided = await this.#parts.attempt(round.signal).then(
      () => true,
      () => false,
    )
    if (round !== this.#round) return
    if (decided) this.#next(round)
    else this.#wait(round)
  }

  #wait(round: AbortController): void {
    this.#pause = this.#parts.clock.schedule(() => this.#next(round), PAUSE_MS)
  }
}

const PAUSE_MS = 500
const ROUND_OVER = { name: 'AbortError', message: 'the probe round has ended' }
