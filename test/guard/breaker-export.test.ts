import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { codeOf } from '../../src/base/error.ts'
import { assertExport } from '../../src/guard/breaker-export.ts'
import type { DependencyGuard } from '../../src/guard/dependency-guard.ts'
import { failTimes, fails, guarded, works } from './support/guarded.ts'
import { guardSettings } from './support/settings.ts'

const counts = { ok: 1, failure: 2, timeout: 0, overload: 0, ignored: 0, slow: 0, refused: 3 }
const whole = {
  v: 1,
  state: 'open',
  remainingMs: 2000,
  attempt: 1,
  lastOpenMs: 5000,
  closedForMs: 0,
  mode: 'auto',
  window: { consecutive: 2, buckets: [{ ageMs: 10.5, counts }] },
  at: 1_700_000_000_000,
}

/** Returns the field that is refused, or undefined when nothing is. */
function refusedField(value: unknown): string | undefined {
  try {
    assertExport(value, (field) => new Error(field))
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('assertExport()', () => {
  test.each<[string, unknown]>([
    ['a whole one', whole],
    ['one of a closed circuit', { ...whole, state: 'closed', mode: 'isolated' }],
    ['one of a disabled guard', { ...whole, mode: 'disabled' }],
    ['one with zeros', { ...whole, remainingMs: 0, lastOpenMs: 0, attempt: 0, at: 0 }],
    ['one that somebody added to', { ...whole, note: 'kept' }],
    ['one with an empty window', { ...whole, window: { consecutive: 0, buckets: [] } }],
  ])('takes %s', (_what, value) => {
    expect(refusedField(value)).toBeUndefined()
  })

  const buckets = (bucket: unknown): unknown => ({
    ...whole,
    window: { consecutive: 0, buckets: [{ ageMs: 0, counts }, bucket] },
  })
  test.each<[string, unknown]>([
    ['export', undefined],
    ['export', null],
    ['export', 'open'],
    ['v', {}],
    ['v', { ...whole, v: 2 }],
    ['state', { ...whole, state: 'half-open' }],
    ['mode', { ...whole, mode: 'off' }],
    ['remainingMs', { ...whole, remainingMs: null }],
    ['remainingMs', { ...whole, remainingMs: -1 }],
    ['lastOpenMs', { ...whole, lastOpenMs: NaN }],
    ['closedForMs', { ...whole, closedForMs: '5' }],
    ['attempt', { ...whole, attempt: 1.5 }],
    ['attempt', { ...whole, attempt: -1 }],
    ['at', { ...whole, at: Infinity }],
    ['window', { ...whole, window: null }],
    ['window.consecutive', { ...whole, window: { buckets: [] } }],
    ['window.buckets', { ...whole, window: { consecutive: 0, buckets: {} } }],
    ['window.buckets[1]', buckets(null)],
    ['window.buckets[1].ageMs', buckets({ counts })],
    ['window.buckets[1].counts', buckets({ ageMs: 0 })],
    ['window.buckets[1].counts.slow', buckets({ ageMs: 0, counts: { ...counts, slow: '1' } })],
  ])('refuses what is wrong in %s', (field, value) => {
    expect(refusedField(value)).toBe(field)
  })
})

describe('DependencyGuard.import()', () => {
  test('goes on where another guard was exported, through JSON', async () => {
    const [from, to] = [guarded(), guarded()]
    await failTimes(from.guard, 5)
    vi.advanceTimersByTime(1000)

    to.guard.import(JSON.parse(JSON.stringify(from.guard.export())))

    expect(to.guard.snapshot()).toMatchObject({ state: 'open', retryAfterMs: 4000, openMs: 5000 })
    await expect(to.guard.call(works)).rejects.toMatchObject({ code: 'SOMON_GUARD_OPEN' })
  })

  test('refuses what is none, and changes nothing', () => {
    const { guard } = guarded()
    const before = guard.snapshot()

    const act = (): void => guard.import({ ...whole, attempt: 'first' })

    expect(act).toThrow(
      expect.objectContaining({
        code: 'SOMON_GUARD_NOT_AN_EXPORT',
        data: { owner: 'orders', dependency: 'payments', field: 'attempt' },
      }),
    )
    expect(guard.snapshot()).toEqual(before)
  })

  test('lets nobody wait who may not come in', async () => {
    const bulkhead = { mode: 'fixed', max: 1, queue: 1, queueTimeoutMs: 500 } as const
    const { guard } = guarded(guardSettings({}, { bulkhead }))
    const running = guard.call(() => new Promise<void>((resolve) => setTimeout(resolve, 100)))
    const waiting = guard.call(works).catch((error: unknown) => error)

    guard.import({ ...whole, state: 'closed', mode: 'isolated' })
    const refused = await waiting
    await vi.advanceTimersByTimeAsync(100)
    await running

    expect(refused).toMatchObject({ code: 'SOMON_GUARD_ISOLATED' })
  })

  test('never breaks a guard, whatever it gets', async () => {
    const amount = fc.oneof(fc.nat(), fc.double(), fc.constant(null), fc.string())
    const oddCounts = fc.record({
      ...{ ok: amount, failure: amount, timeout: amount, overload: amount },
      ...{ ignored: amount, slow: amount, refused: amount },
    })
    const odd = fc.record(
      {
        v: fc.constantFrom(1, 1, 1, 2),
        state: fc.constantFrom('open', 'closed', 'half-open'),
        ...{ remainingMs: amount, attempt: amount, lastOpenMs: amount, closedForMs: amount },
        mode: fc.constantFrom('auto', 'disabled', 'on'),
        window: fc.record({
          consecutive: amount,
          buckets: fc.array(fc.record({ ageMs: amount, counts: oddCounts }), { maxLength: 3 }),
        }),
        at: amount,
      },
      { noNullPrototype: true },
    )
    const tidy = fc.nat().map((seed) =>
      Object.assign({}, whole, {
        ...{ remainingMs: seed * 1e290, lastOpenMs: seed * 1e200, attempt: seed, at: seed },
        state: seed % 2 === 0 ? 'open' : 'closed',
        window: { consecutive: seed, buckets: [{ ageMs: seed * 1e100, counts }] },
      }),
    )

    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.anything(), odd, tidy), async (value) => {
        const { guard } = guarded(guardSettings({ consecutive: 1, halfOpen: one }))
        const code = codeOfImport(guard, value)
        guard.enable()
        // No open time is beyond the ceiling, and the circuit still opens and closes.
        await vi.advanceTimersByTimeAsync(30_000)
        await guard.call(works)
        await guard.call(fails).catch(() => {})
        const { state, openMs, window } = guard.snapshot()
        guard.dispose()

        expect(['none', 'SOMON_GUARD_NOT_AN_EXPORT']).toContain(code)
        expect(state).toBe('open')
        expect(openMs).toBeLessThanOrEqual(30_000)
        expect(Object.values(window).every(Number.isFinite)).toBe(true)
      }),
    )
  })
})

function codeOfImport(guard: DependencyGuard, value: unknown): string | undefined {
  try {
    guard.import(value)
    return 'none'
  } catch (error) {
    return codeOf(error)
  }
}

const one = { probes: 1, successes: 1, maxMs: 5000 }
