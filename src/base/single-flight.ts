/**
 * Lets concurrent callers of one key share one effort.
 *
 * A flight ends when its promise settles, so a failure is shared by those who waited and is not
 * remembered. A waiter that aborts leaves alone; the effort itself is aborted when its last
 * waiter has left. Callers without a signal never leave.
 */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>>()

  /** How many efforts are under way. */
  get size(): number {
    return this.#flights.size
  }

  /** Joins the flight of `key`, or starts it with `effort`. */
  run(key: string, effort: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (signal?.aborted) return Promise.reject(signal.reason)
    let flight = this.#flights.get(key)
    if (flight === undefined || flight.controller.signal.aborted) {
      flight = this.#start(key, effort)
    }
    flight.waiters += 1
    return signal === undefined ? flight.promise : leaveOnAbort(flight, signal)
  }

  /** Aborts every effort and resolves once all of them have settled. */
  async abortAll(reason: Error): Promise<void> {
    const flights = [...this.#flights.values()]
    for (const flight of flights) flight.controller.abort(reason)
    await Promise.allSettled(flights.map((flight) => flight.promise))
  }

  #start(key: string, effort: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const controller = new AbortController()
    const flight: Flight<T> = { controller, waiters: 0, promise: started(effort, controller) }
    this.#flights.set(key, flight)
    const end = (): void => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key)
    }
    flight.promise.then(end, end)
    return flight
  }
}

/** An effort that throws before its first await fails like one that throws after it. */
async function started<T>(
  effort: (signal: AbortSignal) => Promise<T>,
  controller: AbortController,
): Promise<T> {
  return effort(controller.signal)
}

interface Flight<T> {
  readonly controller: AbortController
  readonly promise: Promise<T>
  waiters: number
}

function leaveOnAbort<T>(flight: Flight<T>, signal: AbortSignal): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const onAbort = (): void => {
    reject(signal.reason)
    flight.waiters -= 1
    if (flight.waiters === 0) flight.controller.abort(signal.reason)
  }
  signal.addEventListener('abort', onAbort, { once: true })
  const leave = (): void => signal.removeEventListener('abort', onAbort)
  flight.promise.then(
    (value) => {
      leave()
      resolve(value)
    },
    (error: unknown) => {
      leave()
      reject(error)
    },
  )
  return promise
}
