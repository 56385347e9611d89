import { nearest } from './nearest.ts'

/**
 * Refuses a subscription that could never be called; callers without types mistype names.
 *
 * @throws TypeError
 */
export function checkSubscription(
  name: unknown,
  listener: unknown,
  known: readonly string[],
): asserts listener is (...args: never) => unknown {
  if (typeof name !== 'string' || !known.includes(name)) {
    const near = typeof name === 'string' ? nearest(name, known) : undefined
    const need = near === undefined ? `the events are ${known.join(', ')}` : `write "${near}"`
    throw new TypeError(`Cannot listen to "${String(name)}": there is no such event; ${need}`)
  }
  if (typeof listener !== 'function') {
    throw new TypeError(
      `Cannot listen to "${name}": the listener is of type ${typeof listener}; a function is needed`,
    )
  }
}
