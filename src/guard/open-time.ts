import { openMaxMs, type BreakerSettings } from './settings.ts'

/** What an instance that goes on with a circuit has to know of its open times. */
export interface OpenTimeExport {
  readonly attempt: number
  readonly lastOpenMs: number
  /** 0 while the circuit is not closed. */
  readonly closedForMs: number
}

/**
 * How long a circuit stays open: longer each time it opens again, up to the ceiling.
 *
 * The memory needs no timer: a circuit that opens after it stayed closed for as long as it was
 * open last begins anew, one that opens sooner goes on where it was.
 */
export class OpenTime {
  #attempt = 0
  #lastOpenMs = 0
  /** Undefined while the circuit is not closed. */
  #closedAt: number | undefined
  readonly #settings: () => BreakerSettings
  readonly #random: () => number

  constructor(settings: () => BreakerSettings, random: () => number, now: number) {
    this.#settings = settings
    this.#random = random
    this.#closedAt = now
  }

  /** How many openings without a lasting recovery came before the last one. */
  get attempt(): number {
    return this.#attempt
  }

  /** The last open time; 0 when there was none. */
  get lastOpenMs(): number {
    return this.#lastOpenMs
  }

  /**
   * Begins an open time and returns it, in whole milliseconds as timers have them.
   *
   * Jitter only shortens and comes before the ceiling, so `openMaxMs` holds always; a hint of the
   * dependency lengthens, up to the same ceiling.
   */
  next(now: number, hintMs = 0): number {
    const { open } = this.#settings()
    this.#attempt = this.isRested(now) ? 0 : this.#attempt + 1
    this.#closedAt = undefined
    const grownMs = open.baseMs * open.factor ** this.#attempt
    const wantedMs = Math.max(hintMs, grownMs * (1 - open.jitter * this.#random()))
    this.#lastOpenMs = this.#cut(wantedMs)
    return this.#lastOpenMs
  }

  /** The circuit has closed: from now on the time counts that makes it begin anew. */
  closed(now: number): void {
    this.#closedAt = now
  }

  /** The next open time is a first one. */
  forget(): void {
    this.#attempt = 0
    this.#lastOpenMs = 0
  }

  /** Returns the part of a running open time that the ceiling leaves, and remembers no longer one. */
  shorten(remainingMs: number): number {
    this.#lastOpenMs = this.#cut(this.#lastOpenMs)
    return this.#cut(remainingMs)
  }

  /** Whether the circuit has been closed for as long as it was open last. */
  isRested(now: number): boolean {
    return this.#closedAt !== undefined && now - this.#closedAt >= this.#lastOpenMs
  }

  export(now: number): OpenTimeExport {
    return {
      attempt: this.#attempt,
      lastOpenMs: this.#lastOpenMs,
      closedForMs: this.#closedAt === undefined ? 0 : now - this.#closedAt,
    }
  }

  /** Goes on with exported values; `closedAt` is undefined for a circuit that is not closed. */
  restore({ attempt, lastOpenMs }: OpenTimeExport, closedAt: number | undefined): void {
    this.#attempt = attempt
    this.#lastOpenMs = lastOpenMs
    this.#closedAt = closedAt
  }

  #cut(wantedMs: number): number {
    return Math.max(1, Math.trunc(Math.min(openMaxMs(this.#settings()), wantedMs)))
  }
}
