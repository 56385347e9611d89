import type { Clock } from '../base/clock.ts'
import type { Emitter, EventChannel } from '../base/events.ts'
import type { CircuitState, GuardEvents, TransitionReason } from './events.ts'

/** Whose transitions these are, and who is told. */
export interface TransitionLogParts {
  readonly owner: string
  readonly dependency: string
  readonly clock: Clock
  readonly events: Emitter<GuardEvents>
}

type Details = Pick<GuardEvents['guard.transition'], 'openMs' | 'attempt' | 'lastFailure'>

/** Remembers of the transitions of one circuit what outlives them, and tells each. */
export class TransitionLog {
  readonly #parts: TransitionLogParts
  readonly #transitions: EventChannel<GuardEvents['guard.transition']>
  #generation = 0
  #state: CircuitState = 'closed'
  #reason: TransitionReason | undefined
  #openReason: TransitionReason = 'manual'
  #since: number

  constructor(parts: TransitionLogParts) {
    this.#parts = parts
    this.#transitions = parts.events.channel('guard.transition')
    this.#since = parts.clock.now()
  }

  /** Whatever was admitted in another generation is stale. */
  get generation(): number {
    return this.#generation
  }

  /** The state that was told last: where the next transition comes from. */
  get state(): CircuitState {
    return this.#state
  }

  /** Why the circuit changed its state last; undefined when it never did. */
  get reason(): TransitionReason | undefined {
    return this.#reason
  }

  /** Why it opened last. */
  get openReason(): TransitionReason {
    return this.#openReason
  }

  /** Wall time of the last transition, or of the making. */
  get since(): number {
    return this.#since
  }

  /** Makes all calls stale that run now. */
  beginGeneration(): void {
    this.#generation += 1
  }

  /** Tells a transition; the circuit is in its new state, so a listener may act on it. */
  tell(to: CircuitState, reason: TransitionReason, details: Details): void {
    const { owner, dependency, clock } = this.#parts
    const from = this.#state
    this.#state = to
    this.#reason = reason
    if (to === 'open') this.#openReason = reason
    this.#since = clock.now()
    if (!this.#transitions.listened) return
    const { generation } = this
    this.#transitions.emit({ owner, dependency, from, to, reason, generation, ...details })
  }
}
