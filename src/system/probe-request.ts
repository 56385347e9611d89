import type { GuardFunctions } from '../guard/functions.ts'
import { statusError } from '../guard/edges/status.ts'

/**
 * The functions of a guard whose dependency may be probed by a request.
 *
 * @param origin - where the dependency lies
 * @param pathNow - `probe.path` as it is set at the moment; undefined for no probe
 */
export function probing(origin: string, pathNow: () => string | undefined): GuardFunctions {
  return {
    get probe() {
      const path = pathNow()
      return path === undefined
        ? undefined
        : (signal: AbortSignal) => request(`${origin}${path}`, signal)
    },
  }
}

/** An answer that speaks against the server is thrown, as the edges judge it. */
async function request(url: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(url, { signal, redirect: 'manual' })
  await response.body?.cancel()
  const retryAfter = response.headers.get('retry-after') ?? undefined
  const error = statusError(response.status, retryAfter, Date.now())
  if (error !== undefined) throw error
}
