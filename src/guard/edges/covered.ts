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

  /** Tells whether a call to `host:port`, however host is written, or to a path is in flight. */
  covers(address: string): boolean {
    if (this.#inFlight.size === 0) return false
    if (this.#inFlight.has(address)) return true
    const origin = originOf(`http://${address}`)
    return origin !== undefined && this.#inFlight.has(addressOf(origin))
  }
}
