import type { Clock } from '../base/clock.ts'
import type { RetrySettings } from './settings.ts'

/**
 * Bounds the load that retries add, over all calls of one dependency together.
 *
 * In an outage every call wants to be tried again; without a common bound `max` = 2 would triple
 * the load just then. Each first attempt deposits a share, each retry takes 1, the oldest
 * deposits first; what nobody takes is worth nothing after 10 s. A small reserve keeps retries
 * possible where calls are rare.
 *
 * So within any T seconds there are at most `budget` · (first attempts of these and of the 10 s
 * before) + `minPerSecond` · T + max(1, `minPerSecond`) retries.
 */
export class RetryBudget {
  #settings: RetrySettings
  readonly #clock: Clock
  /** A ring over 10 s, with holes; `#slice` counts slices since the clock began. */
  readonly #deposits: number[] = []
  #slice: number
  #total = 0
  #reserve: number
  #reservedAt: number

  constructor(settings: RetrySettings, clock: Clock) {
    this.#settings = settings
    this.#clock = clock
    this.#reservedAt = clock.elapsed()
    this.#slice = Math.floor(this.#reservedAt / SLICE_MS)
    this.#reserve = this.#reserveMax
  }

  /** How many retries there are now, with fractions. */
  get balance(): number {
    this.#moveOn()
    return this.#total + this.#reserve
  }

  /** Adds the share of one first attempt. */
  deposit(): void {
    this.#moveOn()
    const { budget } = this.#settings
    const slot = this.#slice % SLICES
    this.#deposits[slot] = this.#at(slot) + budget
    this.#total += budget
  }

  /** Takes 1 for a retry, or returns false when there is less. */
  tryWithdraw(): boolean {
    this.#moveOn()
    // Five times 0.2 must be worth a retry, whatever floating point makes of it.
    if (this.#total + this.#reserve < 1 - ROUNDING) return false
    let due = 1
    // The slot after the current one is the oldest of the ring.
    for (let index = 1; index <= SLICES && due > 0; index += 1) {
      const slot = (this.#slice + index) % SLICES
      const taken = Math.min(due, this.#at(slot))
      this.#deposits[slot] = this.#at(slot) - taken
      due -= taken
    }
    this.#total = Math.max(0, this.#total - (1 - due))
    this.#reserve = Math.max(0, this.#reserve - due)
    return true
  }

  /** Changes the shares at once; what was deposited stays. */
  configure(settings: RetrySettings): void {
    this.#moveOn()
    this.#settings = settings
  }

  /** A rate below 1/s has to gather a whole retry all the same. */
  get #reserveMax(): number {
    const { minPerSecond } = this.#settings
    return minPerSecond === 0 ? 0 : Math.max(1, minPerSecond)
  }

  #at(slot: number): number {
    return this.#deposits[slot] ?? 0
  }

  #moveOn(): void {
    const now = this.#clock.elapsed()
    const gained = ((now - this.#reservedAt) * this.#settings.minPerSecond) / 1000
    this.#reserve = Math.min(this.#reserveMax, this.#reserve + gained)
    this.#reservedAt = now
    const slice = Math.floor(now / SLICE_MS)
    if (slice === this.#slice) return
    const passed = Math.min(slice - this.#slice, SLICES)
    for (let index = 1; index <= passed; index += 1) {
      this.#deposits[(this.#slice + index) % SLICES] = 0
    }
    this.#slice = slice
    // Summed anew, so that rounding errors do not gather.
    this.#total = this.#deposits.reduce((sum, deposit) => sum + deposit, 0)
  }
}

const DEPOSIT_LIVES_MS = 10_000
const SLICES = 20
const SLICE_MS = DEPOSIT_LIVES_MS / SLICES
const ROUNDING = 1e-9
