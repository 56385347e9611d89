/**
 * How many events at once are taken for a loss.
 *
 * Linux drops events silently beyond `fs.inotify.max_queued_events` (16,384), which Node does not
 * tell. A burst that comes near it is suspected: a false alarm costs one validation.
 */
export const EVENT_BURST = 10_000

/**
 * Tells a burst of events from as many over a long time: the count falls by one every
 * millisecond, about a tenth of the rate at which a full queue is handed over.
 */
export class Burst {
  readonly #limit: number
  #level = 0
  #at = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Counts an event; true when it completes a burst, which then starts anew. */
  add(now: number): boolean {
    this.#level = Math.max(0, this.#level - (now - this.#at)) + 1
    this.#at = now
    if (this.#level < this.#limit) return false
    this.#level = 0
    return true
  }
}
