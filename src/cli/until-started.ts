import { neverSettles } from './errors.ts'

/** What tells that nothing is left to do: the process. */
interface Ending {
  once(name: 'beforeExit', listener: () => void): unknown
  off(name: 'beforeExit', listener: () => void): unknown
}

/**
 * Waits until a program has started.
 *
 * A top-level await that nothing can settle any more lets Node end the process as if all were
 * well; this rejects instead.
 *
 * @throws SomonError SOMON_CLI_NEVER_SETTLES
 */
export async function untilStarted<T>(
  entry: string,
  starting: Promise<T>,
  ending: Ending = process,
): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const onEnd = (): void => reject(neverSettles({ entry }))
  ending.once('beforeExit', onEnd)
  try {
    return await Promise.race([starting, promise])
  } finally {
    ending.off('beforeExit', onEnd)
  }
}
