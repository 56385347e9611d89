import type { Clock } from '../base/clock.ts'
import { generationRetired } from './errors.ts'
import type { LiveGeneration } from './live-generation.ts'
import type { Ownership } from './ownership.ts'
import { settleError } from './settle-error.ts'

/**
 * Calls `fn` with the exports of a live generation, in its async context, under a lease.
 *
 * @throws SomonError SOMON_EVALUATE_RETIRED when the generation does not serve
 */
export async function useGeneration<R>(
  generation: LiveGeneration,
  fn: (namespace: never) => R | Promise<R>,
  ownership: Ownership,
): Promise<R> {
  const { module, number, state } = generation
  if (state !== 'live') throw generationRetired({ module, number, state })
  generation.leases += 1
  try {
    return await ownership.run(generation.facts.token, () => fn(generation.namespace as never))
  } catch (error) {
    throw settleError(error)
  } finally {
    generation.leases -= 1
    if (generation.leases === 0) generation.onIdle?.()
  }
}

/**
 * Waits until no lease is held; returns false when `timeoutMs` pass before.
 *
 * @param timeoutMs - 0 does not wait at all, Infinity waits for as long as it takes
 */
export async function drain(
  generation: LiveGeneration,
  clock: Clock,
  timeoutMs: number,
): Promise<boolean> {
  if (generation.leases === 0) return true
  if (timeoutMs === 0) return false
  const { promise, resolve } = Promise.withResolvers<boolean>()
  generation.onIdle = () => resolve(true)
  const timer =
    timeoutMs < MAX_TIMER_MS ? clock.schedule(() => resolve(false), timeoutMs) : undefined
  try {
    return await promise
  } finally {
    timer?.cancel()
    generation.onIdle = undefined
  }
}

/** Node turns longer delays into 1 ms. */
const MAX_TIMER_MS = 2 ** 31 - 1
