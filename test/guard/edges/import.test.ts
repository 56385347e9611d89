import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { EventHub } from '../../../src/base/events.ts'
import { ImportEdge, type GuardedImport } from '../../../src/guard/edges/import.ts'
import type { GuardEvents } from '../../../src/guard/events.ts'
import type { GuardSettings } from '../../../src/guard/settings.ts'
import type { Target } from '../../../src/guard/target.ts'
import { fails, guarded, pending, works, type GuardRig } from '../support/guarded.ts'
import { guardSettings } from '../support/settings.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

interface Scene extends GuardRig {
  readonly guardedImport: GuardedImport
  readonly targets: (readonly [owner: string, target: Target])[]
  readonly unsupported: string[]
  readonly stuck: GuardEvents['guard.import-stuck'][]
}

function scene(settings: GuardSettings = guardSettings()): Scene {
  const rig = guarded(settings)
  const events = new EventHub<GuardEvents>()
  const [targets, unsupported, stuck]: [Scene['targets'], string[], Scene['stuck']] = [[], [], []]
  events.on('guard.import-stuck', (event) => stuck.push(event))
  const edge = new ImportEdge({
    events,
    versionOf: (file) => `version of ${file}`,
    host: {
      guardFor: (owner, target) => {
        targets.push([owner, target])
        return rig.guard
      },
      unsupported: (guard, stage, via) => unsupported.push(`${guard.dependency} ${stage} ${via}`),
    },
  })
  const guardedImport = edge.guardOf('orders', { packageName: 'pay', file: '/pay/index.js' })
  if (guardedImport === undefined) throw new Error('a guard is needed')
  return { ...rig, guardedImport, targets, unsupported, stuck }
}

function outcomes({ calls }: GuardRig): readonly string[] {
  return calls.map(({ outcome }) => outcome)
}

const asynchronous = (): never => {
  throw Object.assign(new Error('top-level await'), { code: 'ERR_REQUIRE_ASYNC_MODULE' })
}

describe('ImportEdge.guardOf()', () => {
  test('describes the package and its version, and asks for a guard of the owner', () => {
    const { targets, unsupported } = scene()

    expect(targets).toEqual([
      ['orders', { kind: 'module', packageName: 'pay', version: 'version of /pay/index.js' }],
    ])
    expect(unsupported).toEqual([])
  })

  test('tells of settings that cannot act on an import', () => {
    const { unsupported } = scene(
      guardSettings(
        {},
        {
          rate: { perSecond: 1, burst: 0, waitMs: 0 },
          retry: { max: 1, budget: 1, minPerSecond: 1 },
        },
      ),
    )

    expect(unsupported).toEqual(['payments rate import', 'payments retry import'])
  })

  test('guards nothing where the settings let the package pass', () => {
    const edge = new ImportEdge({
      events: new EventHub<GuardEvents>(),
      versionOf: () => undefined,
      host: { guardFor: () => undefined, unsupported: () => {} },
    })

    expect(edge.guardOf('orders', { packageName: 'pay', file: '/pay.js' })).toBeUndefined()
  })
})

describe('GuardedImport.run()', () => {
  test('refuses without loading while the circuit is open', async () => {
    const rig = scene(guardSettings({ consecutive: 1 }))
    const load = vi.fn(works)
    await expect(rig.guardedImport.run(fails)).rejects.toThrow('refused')

    await expect(rig.guardedImport.run(load)).rejects.toMatchObject({ code: 'SOMON_GUARD_OPEN' })

    expect(load).not.toHaveBeenCalled()
    expect(outcomes(rig)).toEqual(['failure', 'open'])
  })

  test('closes the circuit by one success, however many probes it would take', async () => {
    const rig = scene(guardSettings({ consecutive: 1 }))
    const transitions: string[] = []
    rig.events.on('guard.transition', ({ to, reason }) => transitions.push(`${to} ${reason}`))
    await rig.guardedImport.run(fails).catch(() => {})
    await vi.advanceTimersByTimeAsync(5000)

    await rig.guardedImport.run(works)

    expect(transitions).toEqual([
      ...['open consecutive', 'half-open open-time-over', 'closed probes-succeeded'],
    ])
  })

  test('bounds neither how many run nor how many start in a second', async () => {
    const rig = scene(
      guardSettings(
        {},
        {
          bulkhead: { mode: 'fixed', max: 1, queue: 0, queueTimeoutMs: 0 },
          rate: { perSecond: 1, burst: 1, waitMs: 0 },
        },
      ),
    )

    await Promise.all([1, 2, 3].map(() => rig.guardedImport.run(works)))

    expect(outcomes(rig)).toEqual(['ok', 'ok', 'ok'])
  })

  test('aborts the signal at the timeout, counts it once and tells what goes on', async () => {
    const rig = scene(guardSettings({ consecutive: 2 }))
    const { task, fail, started } = pending()
    const result = rig.guardedImport.run(task).catch((error: unknown) => error)

    await vi.advanceTimersByTimeAsync(10_000)
    const error = await result
    await vi.advanceTimersByTimeAsync(5000)
    fail(new Error('late'))
    await vi.advanceTimersByTimeAsync(0)

    expect(error).toMatchObject({ code: 'SOMON_GUARD_TIMEOUT' })
    expect(started[0]?.reason).toBe(error)
    expect(outcomes(rig)).toEqual(['timeout'])
    expect(rig.abandoned.length).toBe(1)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('GuardedImport.runSync()', () => {
  test('counts what is returned and thrown, and refuses while the circuit is open', () => {
    const rig = scene(guardSettings({ consecutive: 1 }))
    const load = vi.fn(() => 1)

    const value = rig.guardedImport.runSync(() => 'loaded')
    const failing = (): unknown =>
      rig.guardedImport.runSync(() => {
        throw new Error('no licence')
      })

    expect(value).toBe('loaded')
    expect(failing).toThrow('no licence')
    expect(() => rig.guardedImport.runSync(load)).toThrow(
      expect.objectContaining({ code: 'SOMON_GUARD_OPEN' }),
    )
    expect(load).not.toHaveBeenCalled()
    expect(outcomes(rig)).toEqual(['ok', 'failure', 'open'])
  })

  test('does not blame a package for its top-level await', () => {
    const rig = scene(guardSettings({ consecutive: 1 }))

    expect(() => rig.guardedImport.runSync(asynchronous)).toThrow('top-level await')

    expect(outcomes(rig)).toEqual(['ignored'])
    expect(rig.guard.snapshot().state).toBe('closed')
  })

  test('leaves no timer behind', async () => {
    const { guardedImport } = scene()

    guardedImport.runSync(() => 1)

    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('GuardedImport.recovered()', () => {
  test('closes an open circuit, keeps a closed one, and wakes no ended guard', async () => {
    const rig = scene(guardSettings({ consecutive: 1 }))
    const transitions: string[] = []
    rig.events.on('guard.transition', ({ to }) => transitions.push(to))

    rig.guardedImport.recovered()
    await rig.guardedImport.run(fails).catch(() => {})
    rig.guardedImport.recovered()
    await rig.guardedImport.run(fails).catch(() => {})
    rig.guard.dispose()
    rig.guardedImport.recovered()

    expect(transitions).toEqual(['open', 'closed', 'open'])
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('GuardedImport.stuck()', () => {
  test('tells whose import of what is stuck', () => {
    const { guardedImport, stuck } = scene()

    guardedImport.stuck('pay/esm', 2)

    expect(stuck).toEqual([
      { owner: 'orders', dependency: 'payments', specifier: 'pay/esm', attempts: 2 },
    ])
  })
})
