import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { DependencyGuard } from '../../src/guard/dependency-guard.ts'
import { fails, guarded, pending, works } from './support/guarded.ts'
import { guardSettings } from './support/settings.ts'

const settings = guardSettings({
  consecutive: 1,
  open: { baseMs: 100, factor: 1, jitter: 0 },
  halfOpen: { probes: 2, successes: 3, maxMs: 1000 },
})

/** Opens the circuit and waits until it is half-open. */
async function toHalfOpen(guard: DependencyGuard): Promise<void> {
  guard.open()
  await vi.advanceTimersByTimeAsync(100)
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('the active probe of a guard', () => {
  test('closes the circuit without traffic, one probe after the other', async () => {
    let running = 0
    let most = 0
    const probe = vi.fn(async () => {
      running += 1
      most = Math.max(most, running)
      await new Promise((resolve) => {
        setTimeout(resolve, 10)
      })
      running -= 1
    })
    const { guard, calls } = guarded(settings, { probe })

    await toHalfOpen(guard)
    const before = guard.snapshot().state
    await vi.advanceTimersByTimeAsync(30)

    expect(before).toBe('half-open')
    expect(guard.snapshot()).toMatchObject({ state: 'closed', reason: 'probes-succeeded' })
    expect([probe.mock.calls.length, most]).toEqual([3, 1])
    expect(calls.map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'ok'])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('is not called while the circuit is closed or open', async () => {
    const probe = vi.fn(works)
    const { guard } = guarded(settings, { probe })

    await guard.call(works)
    guard.open()
    await vi.advanceTimersByTimeAsync(99)

    expect(probe).not.toHaveBeenCalled()
    guard.dispose()
  })

  test('opens the circuit again when it fails, and comes back with the next round', async () => {
    const probe = vi.fn(fails)
    const { guard } = guarded(settings, { probe })

    await toHalfOpen(guard)
    const after = guard.snapshot()
    await vi.advanceTimersByTimeAsync(99)
    const between = probe.mock.calls.length
    await vi.advanceTimersByTimeAsync(1)

    expect(after).toMatchObject({ state: 'open', reason: 'probe-failed' })
    expect([between, probe.mock.calls.length]).toEqual([1, 2])
    guard.dispose()
  })

  test('is aborted when its round ends without it', async () => {
    const { task: probe, started } = pending()
    const { guard, calls } = guarded(settings, { probe })
    await toHalfOpen(guard)

    await vi.advanceTimersByTimeAsync(1000)

    expect(started[0]?.reason).toEqual({
      name: 'AbortError',
      message: 'the probe round has ended',
    })
    expect(guard.snapshot()).toMatchObject({ state: 'open', reason: 'probe-timeout' })
    expect(calls).toMatchObject([{ outcome: 'ignored', stale: true }])
    guard.dispose()
  })

  test('ends with a circuit that is closed by hand', async () => {
    const { task: probe, started, end } = pending()
    const { guard } = guarded(settings, { probe })
    await toHalfOpen(guard)

    guard.close()
    end('late')
    await vi.advanceTimersByTimeAsync(6000)

    expect(started).toHaveLength(1)
    expect(started[0]?.aborted).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('ends with the guard, and leaves no timer', async () => {
    const { task: probe, started, end } = pending()
    const { guard } = guarded(settings, { probe })
    await toHalfOpen(guard)

    guard.dispose()
    end('late')
    await vi.advanceTimersByTimeAsync(6000)

    expect(started).toHaveLength(1)
    expect(started[0]?.aborted).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('pauses where all places are taken, and goes on then', async () => {
    const one = { ...settings.breaker, halfOpen: { probes: 1, successes: 2, maxMs: 5000 } }
    const probe = vi.fn(works)
    const { guard } = guarded(guardSettings(one), { probe })
    const caller = pending()
    // Says nothing, so that a caller can take the only place.
    probe.mockRejectedValueOnce(Object.assign(new Error('gone'), { name: 'AbortError' }))
    await toHalfOpen(guard)

    const result = guard.call(caller.task)
    await vi.advanceTimersByTimeAsync(1500)
    const paused = probe.mock.calls.length
    caller.end('done')
    await result
    await vi.advanceTimersByTimeAsync(500)

    expect(paused).toBe(1)
    expect(guard.snapshot().state).toBe('closed')
    expect(vi.getTimerCount()).toBe(0)
  })

  test.each<[string, (guard: DependencyGuard) => void]>([
    ['isolated', (guard) => guard.isolate()],
    ['disabled', (guard) => guard.disable()],
  ])('rests while the guard is %s', async (_mode, set) => {
    const probe = vi.fn(works)
    const { guard } = guarded(settings, { probe })
    set(guard)

    await toHalfOpen(guard)
    await vi.advanceTimersByTimeAsync(5000)
    const resting = probe.mock.calls.length
    guard.enable()
    await vi.advanceTimersByTimeAsync(500)

    expect(resting).toBe(0)
    expect(guard.snapshot().state).toBe('closed')
    expect(vi.getTimerCount()).toBe(0)
  })

  test('may go through its own guard', async () => {
    const rig = guarded(settings, { probe: () => rig.guard.call(works) })

    await toHalfOpen(rig.guard)
    await vi.advanceTimersByTimeAsync(0)

    expect(rig.guard.snapshot().state).toBe('closed')
  })

  test('is what is set when the circuit becomes half-open', async () => {
    const functions: { probe?: () => unknown } = {}
    const [first, second] = [vi.fn(fails), vi.fn(works)]
    const { guard } = guarded(settings, functions)

    await toHalfOpen(guard)
    await vi.advanceTimersByTimeAsync(600)
    const without = guard.snapshot().state
    functions.probe = first
    await toHalfOpen(guard)
    functions.probe = second
    await vi.advanceTimersByTimeAsync(100)

    expect([without, first.mock.calls.length]).toEqual(['half-open', 1])
    expect(guard.snapshot()).toMatchObject({ state: 'closed', reason: 'probes-succeeded' })
    guard.dispose()
  })
})
