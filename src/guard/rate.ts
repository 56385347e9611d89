import type { Clock, Scheduled } from '../base/clock.ts'
import { WaitQueue } from '../base/wait-queue.ts'
import type { RateSettings } from './settings.ts'

/**
 * Bounds how many calls start per second: a token bucket that is kept as a time.
 *
 * `#fullAt` is when the bucket would be full again. Each call moves it on by the time one token
 * takes, and may start as long as it lies at most `burst − 1` tokens ahead: no counter has to be
 * filled up, and no rounding error gathers. Invariant: one timer while somebody waits, for the
 * next token, and none otherwise.
 */
export class RateLimit {
  #settings: RateSettings
  #fullAt: number
  #timer: Scheduled | undefined
  /** Made for the first one who waits. */
  #queue: WaitQueue<void> | undefined
  readonly #clock: Clock
  readonly #makeError: (retryAfterMs: number) => Error

  /**
   * @param makeError - makes what a refused call throws
   */
  constructor(settings: RateSettings, clock: Clock, makeError: (retryAfterMs: number) => Error) {
    this.#settings = settings
    this.#clock = clock
    this.#fullAt = clock.elapsed()
    this.#makeError = makeError
  }

  /** How many calls wait for a token. */
  get queued(): number {
    return this.#queue?.length ?? 0
  }

  /**
   * Takes a token: at once (undefined) if there is one, else a promise of one, when it comes
   * within `waitMs`. Those who wait are served first, in order.
   *
   * @param signal - ends the waiting with its reason; the token goes to the next one
   * @throws what `makeError` makes, at once, with the time until there would be a token
   */
  acquire(signal?: AbortSignal): undefined | Promise<void> {
    if (this.#settings.perSecond === 0) return undefined
    const now = this.#clock.elapsed()
    const waitMs = this.#waitMs(now, this.queued)
    if (waitMs === 0) return this.#take(now)
    if (waitMs > this.#settings.waitMs) throw this.#makeError(waitMs)
    this.#queue ??= new WaitQueue(() => this.#stopTimer())
    const turn = this.#queue.wait(signal, now)
    if (this.#timer === undefined && this.queued > 0) this.#startTimer(now)
    return turn
  }

  /**
   * Takes a token if there is one for who does not wait.
   *
   * @throws what `makeError` makes, with the time until there would be one
   */
  acquireNow(): void {
    if (this.#settings.perSecond === 0) return
    const now = this.#clock.elapsed()
    const waitMs = this.#waitMs(now, this.queued)
    if (waitMs > 0) throw this.#makeError(waitMs)
    this.#take(now)
  }

  /** Puts a token back whose call has not started; the next one who waits gets it. */
  giveBack(): void {
    this.#fullAt -= this.#tokenMs
    this.#serve()
  }

  /**
   * Changes the rate at once: what is missing in the bucket stays missing, counted in tokens.
   * Waiters whose turn is now too far off are refused. Without a rate (0) everyone may start.
   */
  configure(settings: RateSettings): void {
    const now = this.#clock.elapsed()
    const missing = this.#tokenMs === 0 ? 0 : Math.max(0, this.#fullAt - now) / this.#tokenMs
    this.#settings = settings
    this.#fullAt = now + Math.min(missing, this.#burst) * this.#tokenMs
    this.#queue?.refuse(
      ({ since }, position) => now + this.#waitMs(now, position) > since + settings.waitMs,
      (_waiting, position) => this.#makeError(this.#waitMs(now, position)),
    )
    this.#serve()
  }

  /** Refuses everyone who waits: the circuit has opened, or the guard has ended. */
  refuseWaiters(makeError: () => Error): void {
    this.#queue?.refuse(() => true, makeError)
  }

  get #tokenMs(): number {
    const { perSecond } = this.#settings
    return perSecond === 0 ? 0 : 1000 / perSecond
  }

  get #burst(): number {
    const { burst, perSecond } = this.#settings
    return Math.max(1, burst === 0 ? perSecond : burst)
  }

  /** How long it takes until there is a token beside those for `ahead` others. */
  #waitMs(now: number, ahead: number): number {
    const waitMs = this.#fullAt + (ahead + 1 - this.#burst) * this.#tokenMs - now
    return waitMs < NO_TIME_MS ? 0 : waitMs
  }

  #take(now: number): undefined {
    this.#fullAt = Math.max(this.#fullAt, now) + this.#tokenMs
  }

  #serve(): void {
    this.#stopTimer()
    const now = this.#clock.elapsed()
    while (this.queued > 0 && this.#waitMs(now, 0) === 0) {
      this.#take(now)
      this.#queue?.serve()
    }
    if (this.queued > 0) this.#startTimer(now)
  }

  #startTimer(now: number): void {
    const waitMs = this.#waitMs(now, 0)
    // Nothing may run meanwhile: without the timer a program would end while its call waits.
    this.#timer = this.#clock.schedule(() => this.#serve(), waitMs, { keepsAlive: true })
  }

  #stopTimer(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }
}

/** What a difference of two times may be wrong by after years of uptime. */
const NO_TIME_MS = 1e-3
