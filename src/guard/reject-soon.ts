/**
 * Returns a promise that is rejected in the next microtask, when its caller has had the time to
 * listen.
 *
 * Node keeps a record of each promise that is rejected while nobody listens, and takes it out again
 * a moment later: with `Promise.reject()` that is two thirds of what a refusal costs beside its
 * error (0.52 against 0.14 µs on Node 24.21). Who never listens is still told as usual.
 */
export function rejectSoon(reason: unknown): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  void DONE.then(() => reject(reason))
  return promise
}

/** Cheaper than `queueMicrotask()`, which makes an async resource of each. */
const DONE = Promise.resolve()
