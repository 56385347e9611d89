import { vi } from 'vitest'
import { EventHub } from '../../../src/base/events.ts'
import type { BreakerExport } from '../../../src/guard/breaker-export.ts'
import { Breaker } from '../../../src/guard/breaker.ts'
import type { GuardEvents } from '../../../src/guard/events.ts'
import type { Outcome, Verdict } from '../../../src/guard/outcome.ts'
import type { BreakerSettings, GuardSettings } from '../../../src/guard/settings.ts'
import type { Refusal, Ticket } from '../../../src/guard/ticket.ts'
import { guardSettings } from './settings.ts'
import { timerClock } from './timer-clock.ts'

export function breakerWith(changes: Partial<BreakerSettings> = {}): {
  readonly breaker: Breaker
  readonly hub: EventHub<GuardEvents>
  readonly transitions: GuardEvents['guard.transition'][]
  readonly modes: GuardEvents['guard.mode'][]
} {
  const hub = new EventHub<GuardEvents>()
  const transitions: GuardEvents['guard.transition'][] = []
  const modes: GuardEvents['guard.mode'][] = []
  hub.on('guard.transition', (event) => void transitions.push(event))
  hub.on('guard.mode', (event) => void modes.push(event))
  const parts = { owner: 'main', dependency: 'payments', events: hub, random: () => 0 }
  const breaker = new Breaker({ ...parts, clock: timerClock() }, settingsOf(changes))
  return { breaker, hub, transitions, modes }
}

export function settingsOf(
  changes: Partial<BreakerSettings>,
  mode: GuardSettings['mode'] = 'auto',
): GuardSettings {
  return guardSettings(changes, { mode })
}

export function admitted(breaker: Breaker): Ticket {
  const ticket = breaker.admit()
  if (!ticket.admitted) throw new Error(`refused: ${ticket.reason}`)
  return ticket
}

export function refused(breaker: Breaker): Refusal {
  const refusal = breaker.admit()
  if (refusal.admitted) throw new Error('admitted')
  return refusal
}

export function fail(breaker: Breaker, times: number, error: unknown = new Error('no')): void {
  for (let i = 0; i < times; i += 1) admitted(breaker).report(verdict('failure'), error)
}

export function succeed(breaker: Breaker): boolean {
  const ticket = breaker.admit()
  return ticket.admitted && ticket.report(verdict('ok'))
}

/** One call every 10 ms; without an outcome it hangs for ever. */
export function callOnce(breaker: Breaker, outcome: Outcome | undefined): void {
  const ticket = breaker.admit()
  if (ticket.admitted && outcome !== undefined) ticket.report(verdict(outcome), new Error('ill'))
  vi.advanceTimersByTime(10)
}

export function halfOpen(breaker: Breaker): void {
  breaker.open()
  vi.advanceTimersByTime(5000)
}

export function verdict(outcome: Outcome, retryAfterMs?: number): Verdict {
  return { outcome, slow: false, retryAfterMs }
}

export function thawed(exported: BreakerExport): BreakerExport {
  return JSON.parse(JSON.stringify(exported))
}
