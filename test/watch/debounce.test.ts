import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  Debouncer,
  dueAt,
  noted,
  type DebounceWindow,
  longestDelayMs,
} from '../../src/watch/debounce.ts'
import { FakeClock } from '../support/fake-clock.ts'

const TIMES = { debounceMs: 25, maxDelayMs: 250 }

function counting(times = TIMES): {
  clock: FakeClock
  debouncer: Debouncer
  flushedAt: number[]
} {
  const clock = new FakeClock()
  const flushedAt: number[] = []
  const flush = (): void => void flushedAt.push(clock.elapsed())
  return { clock, debouncer: new Debouncer({ clock, times, flush }), flushedAt }
}

describe('dueAt()', () => {
  test('ends a window after the quiet time', () => {
    expect(dueAt(noted(undefined, 10), TIMES)).toBe(35)
  })

  test('ends a window that never gets quiet after the longest delay', () => {
    let window: DebounceWindow | undefined
    for (let now = 0; now <= 300; now += 10) window = noted(window, now)

    expect(window && dueAt(window, TIMES)).toBe(250)
  })
})

describe('Debouncer.note()', () => {
  test('flushes once, after the quiet time', async () => {
    const { clock, debouncer, flushedAt } = counting()

    debouncer.note()
    await clock.advance(20)
    debouncer.note()
    await clock.advance(24)
    expect(flushedAt).toEqual([])
    await clock.advance(1)

    expect(flushedAt).toEqual([45])
    expect(debouncer.pending).toBe(false)
    expect(clock.pending).toBe(0)
  })

  test('flushes at the longest delay when events do not stop', async () => {
    const { clock, debouncer, flushedAt } = counting()

    for (let step = 0; step < 26; step += 1) {
      debouncer.note()
      await clock.advance(10)
    }

    expect(flushedAt).toEqual([250])
  })

  test('keeps one timer for any number of events', () => {
    const { clock, debouncer } = counting()

    for (let count = 0; count < 1000; count += 1) debouncer.note()

    expect(clock.pending).toBe(1)
  })

  test('loses no event, flushes none early and delays none too long', async () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 60 })
    const times = fc.record({
      debounceMs: fc.integer({ min: 0, max: 50 }),
      maxDelayMs: fc.integer({ min: 1, max: 300 }),
    })

    await fc.assert(
      fc.asyncProperty(gaps, times, async (pauses, limits) => {
        const clock = new FakeClock()
        const waiting: number[] = []
        const flush = (): void => {
          const [first = Infinity] = waiting
          const now = clock.elapsed()
          const isQuiet = now - (waiting.at(-1) ?? Infinity) >= limits.debounceMs
          expect(isQuiet || now - first >= limits.maxDelayMs).toBe(true)
          expect(now - first).toBeLessThanOrEqual(limits.maxDelayMs)
          waiting.length = 0
        }
        const debouncer = new Debouncer({ clock, times: limits, flush })

        for (const pause of pauses) {
          await clock.advance(pause)
          waiting.push(clock.elapsed())
          debouncer.note()
        }
        await clock.advance(400)

        expect(waiting).toEqual([])
        expect(clock.pending).toBe(0)
      }),
      { numRuns: 60 },
    )
  })
})

describe('Debouncer.times', () => {
  test('ends an open window by the new times', async () => {
    const { clock, debouncer, flushedAt } = counting()
    debouncer.note()
    await clock.advance(10)

    debouncer.times = { debounceMs: 5, maxDelayMs: 250 }
    await clock.advance(0)

    expect(flushedAt).toEqual([10])
  })
})

describe('Debouncer.cancel()', () => {
  test('drops what waits and its timer', async () => {
    const { clock, debouncer, flushedAt } = counting()
    debouncer.note()

    debouncer.cancel()
    await clock.advance(1000)

    expect(flushedAt).toEqual([])
    expect(clock.pending).toBe(0)
  })
})

describe('longestDelayMs()', () => {
  // With a fixed bound of 250 ms a longer loading.watchDebounceMs had no effect.
  test('leaves every quiet time room', () => {
    expect([0, 25, 900].map(longestDelayMs)).toEqual([250, 250, 9000])
  })
})
