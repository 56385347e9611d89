import { AsyncLocalStorage } from 'node:async_hooks'
import { systemClock } from '../../../src/base/clock.ts'
import { EventHub } from '../../../src/base/events.ts'
import { DependencyGuard } from '../../../src/guard/dependency-guard.ts'
import type { Nesting } from '../../../src/guard/nesting.ts'
import type { GuardEvents } from '../../../src/guard/events.ts'
import type { GuardFunctions } from '../../../src/guard/functions.ts'
import type { GuardSettings } from '../../../src/guard/settings.ts'
import type { GuardParts } from '../../../src/guard/stages.ts'
import { guardSettings } from './settings.ts'
import { timerClock } from './timer-clock.ts'

/** What a guard of `payments` for `orders` is made of, in real time. */
export function guardParts(): GuardParts {
  return {
    owner: 'orders',
    dependency: 'payments',
    clock: systemClock,
    random: () => 0,
    events: new EventHub<GuardEvents>(),
    nesting: new AsyncLocalStorage<Nesting>(),
  }
}

/** A guard of `payments` for `orders`, in real time. */
export function paymentsGuard(settings: GuardSettings): DependencyGuard {
  return new DependencyGuard(guardParts(), settings)
}

/** A guard on fake timers, and what it told. */
export interface GuardRig {
  readonly guard: DependencyGuard
  readonly events: EventHub<GuardEvents>
  readonly nesting: AsyncLocalStorage<Nesting>
  readonly calls: GuardEvents['guard.call'][]
  readonly faults: GuardEvents['guard.fault'][]
  readonly limits: number[]
  readonly abandoned: GuardEvents['guard.abandoned'][]
}

/** A guard of `payments` for `orders`; the engine has a timer of its own, so all time is faked. */
export function guarded(
  settings: GuardSettings = guardSettings(),
  functions?: GuardFunctions,
): GuardRig {
  const events = new EventHub<GuardEvents>()
  const nesting = new AsyncLocalStorage<Nesting>()
  const named = { owner: 'orders', dependency: 'payments' }
  const parts = { ...named, clock: timerClock(), random: () => 0, events, nesting, functions }
  const guard = new DependencyGuard(parts, settings)
  const rig: GuardRig = {
    ...{ guard, events, nesting },
    ...{ calls: [], faults: [], limits: [], abandoned: [] },
  }
  events.on('guard.call', (call) => rig.calls.push(call))
  events.on('guard.fault', (fault) => rig.faults.push(fault))
  events.on('guard.limit', ({ limit }) => rig.limits.push(limit))
  events.on('guard.abandoned', (event) => rig.abandoned.push(event))
  return rig
}

export const fails = (): Promise<never> => Promise.reject(new Error('refused'))
export const works = (): Promise<string> => Promise.resolve('ok')

/** A task that ends when the test says so, and the signals it was started with. */
export function pending(): {
  readonly task: (signal: AbortSignal) => Promise<string>
  readonly end: (value: string) => void
  readonly fail: (error: unknown) => void
  readonly started: AbortSignal[]
} {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const started: AbortSignal[] = []
  return {
    task: (signal) => {
      started.push(signal)
      return promise
    },
    end: resolve,
    fail: reject,
    started,
  }
}

/** Lets that many calls fail, one after the other. */
export async function failTimes(guard: DependencyGuard, times: number): Promise<void> {
  for (let at = 0; at < times; at += 1) await guard.call(fails).catch(() => {})
}
