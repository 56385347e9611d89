import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  breakerWith,
  admitted,
  refused,
  fail,
  halfOpen,
  verdict,
  thawed,
} from './support/breaker.ts'

describe('Breaker', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  describe('import()', () => {
    test('goes on with what is left of the open time, and with the backoff', () => {
      const { breaker } = breakerWith()
      fail(breaker, 5)
      vi.advanceTimersByTime(1000)
      const exported = thawed(breaker.export())
      vi.advanceTimersByTime(1500)
      const { breaker: next, transitions } = breakerWith()

      next.import(exported)

      expect(refused(next)).toMatchObject({ reason: 'imported', retryAfterMs: 2500 })
      expect(transitions).toMatchObject([{ from: 'closed', to: 'open', reason: 'imported' }])

      vi.advanceTimersByTime(2500)
      admitted(next).report(verdict('failure'), new Error('no'))

      expect(next.snapshot()).toMatchObject({ attempt: 1, openMs: 10_000 })
    })

    test('takes up a half-open circuit as open with 1 ms left', () => {
      const { breaker } = breakerWith()
      halfOpen(breaker)
      const { breaker: next } = breakerWith()

      next.import(thawed(breaker.export()))

      expect(next.snapshot()).toMatchObject({ state: 'open', retryAfterMs: 1 })
    })

    test('is not misled by a clock that was set back', () => {
      const { breaker } = breakerWith()
      fail(breaker, 5)
      const exported = { ...breaker.export(), at: Date.now() + 86_400_000 }
      const { breaker: next } = breakerWith()

      next.import(exported)

      expect(next.snapshot().retryAfterMs).toBe(5000)
    })

    test('keeps to the ceiling of its own settings', () => {
      const { breaker } = breakerWith()
      fail(breaker, 5)
      const { breaker: next } = breakerWith({ recoveryMs: 3000 })

      next.import(breaker.export())

      expect(next.snapshot()).toMatchObject({ retryAfterMs: 2000, openMs: 2000 })
    })

    test('takes up window and mode', () => {
      const { breaker } = breakerWith()
      fail(breaker, 4)
      breaker.isolate()
      const { breaker: next } = breakerWith()

      next.import(thawed(breaker.export()))
      next.enable()
      fail(next, 1)

      expect([next.mode, next.state]).toEqual(['auto', 'open'])
    })

    test('closes an open circuit where the exported one was closed', () => {
      const { breaker } = breakerWith()
      const exported = breaker.export()
      breaker.open()

      breaker.import(exported)

      expect([breaker.state, vi.getTimerCount()]).toEqual(['closed', 0])
    })
  })
})
