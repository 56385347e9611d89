type Fetch = typeof globalThis.fetch

/**
 * The `fetch` of one generation: its requests belong to the generation, whoever calls the export
 * that makes them and whatever async context that brings along.
 *
 * Calls the global at call time, so one that a test installs later is used.
 *
 * @param own - runs a function in the async context of the generation
 * @param before - called first: the guard at the network's edge is made with the first request
 */
export function ownFetch(own: <R>(fn: () => R) => R, before: () => void): Fetch {
  const fetch: Fetch = (...args) => {
    before()
    return own(() => globalThis.fetch(...args))
  }
  return Object.defineProperties(fetch, Object.getOwnPropertyDescriptors(globalThis.fetch))
}
