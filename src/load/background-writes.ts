import type { Emitter } from '../base/events.ts'
import type { LoadEvents } from './events.ts'

/**
 * Holds the writes that nobody waits for, so that `close` leaves none behind.
 *
 * A tier does not fail for the state of a disk; whatever fails nevertheless is an event and never
 * a failed load.
 */
export class BackgroundWrites {
  readonly #writes = new Set<Promise<void>>()
  readonly #failed

  constructor(events: Emitter<LoadEvents>) {
    this.#failed = events.channel('artifact.store-failed')
  }

  /** @param subject - the entry or key that is written */
  add(subject: string, write: Promise<void>): void {
    const safe = write
      .catch((error: unknown) => {
        if (this.#failed.listened) this.#failed.emit({ subject, error })
      })
      .finally(() => this.#writes.delete(safe))
    this.#writes.add(safe)
  }

  async settled(): Promise<void> {
    while (this.#writes.size > 0) await Promise.all(this.#writes)
  }
}
