import { AsyncLocalStorage } from 'node:async_hooks'
import { systemClock } from '../../../src/base/clock.ts'
import { EventHub } from '../../../src/base/events.ts'
import { DependencyGuard, type Nesting } from '../../../src/guard/dependency-guard.ts'
import type { GuardEvents } from '../../../src/guard/events.ts'
import type { GuardSettings } from '../../../src/guard/settings.ts'

/** A guard of `payments` for `orders`, in real time. */
export function paymentsGuard(settings: GuardSettings): DependencyGuard {
  return new DependencyGuard(
    {
      owner: 'orders',
      dependency: 'payments',
      clock: systemClock,
      random: () => 0,
      events: new EventHub<GuardEvents>(),
      nesting: new AsyncLocalStorage<Nesting>(),
    },
    settings,
  )
}
