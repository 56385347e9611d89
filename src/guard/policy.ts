import type { BreakerSettings } from './settings.ts'
import type { WindowCounts } from './window.ts'

/** Which rule opens a circuit. */
export type TripReason = 'consecutive' | 'failure-rate' | 'slow-rate'

/**
 * Says whether a closed circuit has to open, and by which rule; the only place that decides it.
 *
 * Quotients are compared as they are: a quotient of two counts is rounded to the same number as
 * the decimal fraction in the settings, so 4 of 5 reaches 0.8.
 */
export function tripReason(
  window: WindowCounts,
  settings: BreakerSettings,
): TripReason | undefined {
  const { consecutive, failureRate, minCalls, slowCallMs, slowRate } = settings
  if (consecutive > 0 && window.consecutive >= consecutive) return 'consecutive'
  const { calls } = window
  if (calls === 0 || calls < minCalls) return undefined
  if (window.failures / calls >= failureRate) return 'failure-rate'
  if (slowCallMs > 0 && window.count('slow') / calls >= slowRate) return 'slow-rate'
  return undefined
}
