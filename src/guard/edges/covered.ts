import { type Clock, systemClock } from '../../base/clock.ts'
import { addressOf, originOf } from '../origin.ts'

/**
 * Counts the HTTP calls in flight per address, for who sees connections without their calls.
 *
 * One for all HTTP edges of a system. A dial to a counted address belongs to a call that is
 * guarded already; whose it is cannot be told, since agents dial for whoever waits first.
 */
export class CoveredAddresses {
  readonly #inFlight = new Map<string, number>()
  /** Until when an address stays covered, as `clock.elapsed()`; the next to end comes first. */
  readonly #lingering = new Map<string, number>()
  readonly #clock: Clock

  constructor(clock: Clock = systemClock) {
    this.#clock = clock
  }

  /**
   * Counts a call to an origin as `originOf()` makes it, or to the path of a Unix socket.
   *
   * @returns ends the call; calling it again does nothing
   */
  enter(originOrPath: string): () => void {
    const isOrigin = /^https?:/.test(originOrPath)
    const address = isOrigin ? addressOf(originOrPath) : originOrPath
    this.#inFlight.set(address, (this.#inFlight.get(address) ?? 0) + 1)
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      const left = (this.#inFlight.get(address) ?? 1) - 1
      if (left === 0) this.#inFlight.delete(address)
      else this.#inFlight.set(address, left)
    }
  }

  /**
   * Covers an origin for some seconds more, although no call to it may be in flight.
   *
   * undici 7 and 8 open a connection in the place of one that was lost with its call, by an abort
   * as by a failure, and for nobody (measured on Node 24.21 and 26.10).
   */
  linger(origin: string): void {
    const address = addressOf(origin)
    const now = this.#clock.elapsed()
    for (const [other, until] of this.#lingering) {
      if (until > now) break
      this.#lingering.delete(other)
    }
    this.#lingering.delete(address)
    this.#lingering.set(address, now + LINGER_MS)
  }

  /** Tells whether a call to `host:port`, however host is written, or to a path is in flight. */
  covers(address: string): boolean {
    if (this.#inFlight.size === 0 && this.#lingering.size === 0) return false
    if (this.#has(address)) return true
    const origin = originOf(`http://${address}`)
    return origin !== undefined && this.#has(addressOf(origin))
  }

  #has(address: string): boolean {
    if (this.#inFlight.has(address)) return true
    return (this.#lingering.get(address) ?? 0) > this.#clock.elapsed()
  }
}

/** The look-up of the name comes before the dial is seen. */
const LINGER_MS = 5000
