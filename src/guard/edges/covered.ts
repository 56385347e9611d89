import { addressOf, originOf } from '../origin.ts'

/**
 * Counts the HTTP calls in flight per address, for who sees connections without their calls.
 *
 * One for all HTTP edges of a system. A dial to a counted address belongs to a call that is
 * guarded already; whose it is cannot be told, since agents dial for whoever waits first.
 */
export class CoveredAddresses {
  readonly #inFlight = new Map<string, number>()

  /**
   * Counts a call to an origin as `originOf()` makes it.
   *
   * @returns ends the call; calling it again does nothing
   */
  enter(origin: string): () => void {
    const address = addressOf(origin)
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

  /** Tells whether a call to `host:port` is in flight, however host is written. */
  covers(address: string): boolean {
    if (this.#inFlight.size === 0 || address.startsWith('/')) return false
    const origin = originOf(`http://${address}`)
    return origin !== undefined && this.#inFlight.has(addressOf(origin))
  }
}
