import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { EventHub } from '../../src/base/events.ts'
import { DependencyGuard } from '../../src/guard/dependency-guard.ts'
import type { GuardEvents } from '../../src/guard/events.ts'
import type { Nesting } from '../../src/guard/nesting.ts'
import { fails, guarded, works } from './support/guarded.ts'
import { guardSettings } from './support/settings.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const COUNT = 5000
const settings = guardSettings()
const shared = {
  ...{ owner: 'orders', clock: systemClock, random: Math.random },
  ...{ events: new EventHub<GuardEvents>(), nesting: new AsyncLocalStorage<Nesting>() },
}

function guardOf(index: number): DependencyGuard {
  return new DependencyGuard({ ...shared, dependency: `origin-${index}` }, settings)
}

/** A guard that has had calls, and may be open, once nobody holds it any more. */
async function lived(index: number): Promise<WeakRef<DependencyGuard>> {
  const guard = guardOf(index)
  await guard.call(works)
  await guard.call(fails).catch(() => {})
  if (index % 2 === 0) guard.open()
  guard.dispose()
  return new WeakRef(guard)
}

async function heapBytes(): Promise<number> {
  for (let round = 0; round < 3; round += 1) {
    collectGarbage()
    await turn()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

afterEach(() => {
  vi.useRealTimers()
})

describe('DependencyGuard', () => {
  test.each<[string, number, (guard: DependencyGuard) => void]>([
    ['2 KB before its first call', 2048, () => {}],
    [
      '8 KB once it was open',
      8192,
      (guard) => {
        guard.open()
        guard.close()
      },
    ],
  ])('takes %s', async (_what, limit, live) => {
    for (let index = 0; index < 100; index += 1) live(guardOf(index))
    const before = await heapBytes()

    const guards = Array.from({ length: COUNT }, (_, index) => guardOf(index))
    for (const guard of guards) live(guard)
    const each = ((await heapBytes()) - before) / guards.length

    // A quarter more is room for what else lives in a process of tests.
    expect(each).toBeLessThan(limit * 1.25)
    for (const guard of guards) guard.dispose()
  })

  test('has no timer while its circuit is closed and nothing runs', async () => {
    vi.useFakeTimers()
    const rate = { perSecond: 100, burst: 100, waitMs: 100 }
    const retry = { max: 1, budget: 0, minPerSecond: 0 }
    const guards = Array.from({ length: 20 }, () => guarded(guardSettings({}, { rate, retry })))

    for (const { guard } of guards) {
      await guard.call(works)
      await guard.call(fails, { idempotent: true }).catch(() => {})
      await guard.call(works, { deadlineMs: 1000 })
    }

    expect(vi.getTimerCount()).toBe(0)
  })

  test('is collected once it is dropped, with what its calls left', async () => {
    const dropped = await Promise.all(Array.from({ length: 200 }, (_, at) => lived(at)))

    await heapBytes()

    expect(dropped.filter((guard) => guard.deref() !== undefined).length).toBeLessThan(5)
  })
})
