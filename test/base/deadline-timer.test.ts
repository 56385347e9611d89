import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { scheduleDeadline } from '../../src/base/deadline-timer.ts'
import { FakeClock } from '../support/fake-clock.ts'

function never(): never {
  throw new Error('It was cancelled')
}

describe('scheduleDeadline()', () => {
  test('calls once, when the time is over and not before', async () => {
    const clock = new FakeClock()
    let calls = 0
    const count = (): void => {
      calls += 1
    }
    scheduleDeadline(clock, count, { delayMs: 100, startedAt: clock.elapsed() })

    await clock.advance(99)
    const before = calls
    await clock.advance(1)

    expect([before, calls, clock.pending]).toEqual([0, 1, 0])
  })

  test('can be cancelled before its time, and in the turn after it where it is late', async () => {
    const clock = new FakeClock()
    scheduleDeadline(clock, never, { delayMs: 100, startedAt: 0 }).cancel()
    const late = scheduleDeadline(clock, never, { delayMs: 100, startedAt: -50 })
    clock.schedule(() => late.cancel(), 100)

    await clock.advance(1000)

    expect(clock.pending).toBe(0)
  })

  test.for<[string, boolean, string[]]>([
    ['lets input come first', true, ['input', 'deadline']],
    ['comes first, as any timer, where nobody says when it began', false, ['deadline']],
  ])('%s when the thread was kept beyond the time', async ([, isKnown, expected]) => {
    const { port1, port2 } = new MessageChannel()
    const seen: string[] = []
    port1.on('message', () => seen.push('input'))
    await new Promise(setImmediate)
    const ended = new Promise<void>((resolve) => {
      const end = (): void => {
        seen.push('deadline')
        resolve()
      }
      const startedAt = isKnown ? systemClock.elapsed() : undefined
      scheduleDeadline(systemClock, end, { delayMs: 1, startedAt })
    })
    port2.postMessage('from elsewhere')

    const until = performance.now() + 20
    while (performance.now() < until);
    await ended
    const found = [...seen]
    port1.close()

    expect(found).toEqual(expected)
  })
})
