import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Outcome, Verdict } from '../../src/guard/outcome.ts'
import { Window, type WindowColumn, type WindowCounts } from '../../src/guard/window.ts'
import { PlainWindow } from './support/plain-window.ts'

const OUTCOMES: readonly Outcome[] = ['ok', 'failure', 'timeout', 'overload', 'ignored']
const COLUMNS: readonly WindowColumn[] = [...OUTCOMES, 'slow', 'refused']

const shape = fc.record({
  windowMs: fc.integer({ min: 1, max: 5000 }),
  buckets: fc.integer({ min: 1, max: 12 }),
})
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('add'),
      outcome: fc.constantFrom(...OUTCOMES),
      slow: fc.boolean(),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('wait'),
      ms: fc.double({ min: 0, max: 3000, noNaN: true }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refuse') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('resize'), shape }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clear') }) },
)

describe('Window', () => {
  test('counts as a list of samples does, through every change of its shape', () => {
    fc.assert(
      fc.property(shape, fc.array(step, { maxLength: 40 }), ({ windowMs, buckets }, steps) => {
        let now = 17.25
        const window = new Window({ windowMs, buckets }, now)
        const plain = new PlainWindow(windowMs, buckets)

        for (const one of steps) {
          now += 'ms' in one ? one.ms : 0
          play(one, window, plain, now)

          expect(counts(window.read(now))).toEqual(counts(plain.read(now)))
        }
      }),
      { numRuns: 20_000 },
    )
  }, 120_000)

  test('read() leaves out what has grown old while nobody called', () => {
    const window = new Window({ windowMs: 1000, buckets: 10 }, 0)
    window.add(verdict('failure'), 0)

    expect(window.read(999).failures).toBe(1)
    expect(window.read(1000).failures).toBe(0)
  })

  test('read() keeps the failures in a row, however old they are', () => {
    const window = new Window({ windowMs: 1000, buckets: 10 }, 0)
    window.add(verdict('failure'), 0)
    window.add(verdict('timeout'), 0)

    expect(window.read(60_000).consecutive).toBe(2)
  })

  test('add() ends the failures in a row at a slow success, not at an ignored call', () => {
    const window = new Window({ windowMs: 1000, buckets: 10 }, 0)
    window.add(verdict('overload'), 0)
    window.add(verdict('ignored', true), 0)

    expect([window.consecutive, window.read(0).count('slow')]).toEqual([1, 0])

    window.add(verdict('ok', true), 0)

    expect([window.consecutive, window.read(0).count('slow')]).toEqual([0, 1])
  })

  test('refuse() counts now, even if nobody has looked for long', () => {
    const window = new Window({ windowMs: 1000, buckets: 4 }, 0)
    window.refuse(0)

    window.refuse(5000)

    expect(window.read(5000).count('refused')).toBe(1)
  })

  test('resize() to more parts of the same length reaches further back', () => {
    const window = new Window({ windowMs: 1000, buckets: 4 }, 0)
    window.add(verdict('ok'), 0)

    window.resize({ windowMs: 2000, buckets: 8 }, 500)

    expect([window.read(1900).count('ok'), window.read(2000).count('ok')]).toEqual([1, 0])
  })

  test('export() holds only parts that hold something, and nothing that is old', () => {
    const window = new Window({ windowMs: 1000, buckets: 4 }, 0)
    window.add(verdict('ok'), 0)
    window.add(verdict('failure'), 600)

    const both = window.export(600)
    const late = window.export(1100)

    expect(both.buckets.map(({ ageMs }) => ageMs)).toEqual([50, 475])
    expect(late.buckets.map(({ ageMs }) => ageMs)).toEqual([475])
  })

  test('resize() makes no sample older, however often and between whichever shapes', () => {
    const shapes = [
      { windowMs: 60_000, buckets: 10 },
      { windowMs: 60_000, buckets: 7 },
      { windowMs: 120_000, buckets: 7 },
      { windowMs: 60_000, buckets: 60 },
    ]
    let now = 1_000_000.5
    const window = new Window({ windowMs: 60_000, buckets: 10 }, now)

    for (let i = 0; i < 2000; i += 1, now += 10) {
      window.add(verdict('ok'), now)
      window.resize(shapes[i % shapes.length] ?? { windowMs: 1, buckets: 1 }, now)
    }

    // All of them came within the last 20 s.
    expect(window.read(now).calls).toBe(2000)
  })

  test('export() is taken up by another clock, less the time between', () => {
    const window = new Window({ windowMs: 1000, buckets: 10 }, 5000)
    window.add(verdict('failure'), 5000)
    window.add(verdict('ok', true), 5400)
    const exported: unknown = JSON.parse(JSON.stringify(window.export(5400)))
    const other = new Window({ windowMs: 1000, buckets: 10 }, 0)

    other.restore(exported as ReturnType<Window['export']>, 0, 500)

    expect(counts(other.read(0))).toMatchObject({ failure: 1, ok: 1, slow: 1, consecutive: 0 })
    expect(counts(other.read(100))).toMatchObject({ failure: 0, ok: 1, slow: 1 })
  })
})

function play(
  one: {
    do: string
    outcome?: Outcome
    slow?: boolean
    shape?: { windowMs: number; buckets: number }
  },
  window: Window,
  plain: PlainWindow,
  now: number,
): void {
  if (one.outcome !== undefined) {
    window.add(verdict(one.outcome, one.slow), now)
    plain.add(verdict(one.outcome, one.slow), now)
  } else if (one.shape !== undefined) {
    window.resize(one.shape, now)
    plain.resize(one.shape.windowMs, one.shape.buckets, now)
  } else if (one.do === 'refuse') {
    window.refuse(now)
    plain.refuse(now)
  } else if (one.do === 'clear') {
    window.clear()
    plain.clear()
  }
}

function verdict(outcome: Outcome, slow = false): Verdict {
  return { outcome, slow, retryAfterMs: undefined }
}

function counts(window: WindowCounts): Record<string, number> {
  const { consecutive, calls, failures } = window
  const columns = COLUMNS.map((column) => [column, window.count(column)] as const)
  return { consecutive, calls, failures, ...Object.fromEntries(columns) }
}
