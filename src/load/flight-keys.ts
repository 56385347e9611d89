import type { Digest } from '../base/digest.ts'
import type { RelPath } from '../base/project-path.ts'

/**
 * Decides who may share a flight: callers of one key between two cuts.
 *
 * A cut makes later callers start anew, because a flight that is under way may have read what
 * has changed since. A fresh request cuts its entry; those of one synchronous run share the cut,
 * since no file event can have come between them.
 */
export class FlightKeys {
  #all = 0
  /** Grows with the entries that were ever edited or dropped, not with those loaded. */
  readonly #entries = new Map<RelPath, number>()
  readonly #cutNow = new Set<RelPath>()

  of(entry: RelPath, key: Digest, fresh: boolean): string {
    if (fresh) this.#cutOnce(entry)
    return `${key} ${this.#all} ${this.#entries.get(entry) ?? 0}`
  }

  cut(entry: RelPath): void {
    this.#entries.set(entry, (this.#entries.get(entry) ?? 0) + 1)
  }

  cutAll(): void {
    this.#all += 1
    this.#entries.clear()
  }

  #cutOnce(entry: RelPath): void {
    if (this.#cutNow.has(entry)) return
    if (this.#cutNow.size === 0) queueMicrotask(() => this.#cutNow.clear())
    this.#cutNow.add(entry)
    this.cut(entry)
  }
}
