import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  admitted,
  breakerWith,
  fail,
  halfOpen,
  refused,
  settingsOf,
  succeed,
  verdict,
} from './support/breaker.ts'

describe('Breaker', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  describe('open() and close()', () => {
    test('say that it was by hand, and how long it takes', () => {
      const { breaker } = breakerWith()

      breaker.open()
      const open = breaker.snapshot()
      breaker.close()

      expect(open).toMatchObject({ state: 'open', reason: 'manual', retryAfterMs: 5000 })
      expect(breaker.snapshot()).toMatchObject({ reason: 'manual', retryAfterMs: 0 })
    })

    test('close() clears the window of a circuit that is closed already', () => {
      const { breaker, transitions } = breakerWith()
      fail(breaker, 4)

      breaker.close()
      fail(breaker, 4)

      expect([breaker.state, breaker.counts().failures]).toEqual(['closed', 4])
      expect(transitions).toEqual([])
    })

    test('close() ends the round: a late failure is no failed probe', () => {
      const { breaker } = breakerWith()
      halfOpen(breaker)
      breaker.close()

      breaker.recordFailure(verdict('failure'), new Error('late'), breaker.generation)

      expect([breaker.state, breaker.counts().failures]).toEqual(['closed', 1])
    })
  })

  describe('reset()', () => {
    test('clears the window of a circuit that is closed already, and makes its calls stale', () => {
      const { breaker, transitions } = breakerWith()
      fail(breaker, 4)
      const running = admitted(breaker)

      breaker.reset()

      expect(breaker.counts().failures).toBe(0)
      expect(running.report(verdict('failure'), new Error('late'))).toBe(false)
      expect(transitions).toEqual([])
    })

    test('forgets the open times of a circuit that has been open', () => {
      const { breaker } = breakerWith()
      breaker.open()
      breaker.close()

      breaker.reset()
      breaker.open()

      expect(breaker.snapshot()).toMatchObject({ attempt: 0, openMs: 5000 })
    })
  })

  describe('the last failure', () => {
    test('is that of the last call that failed, whatever came after it', () => {
      const { breaker } = breakerWith()
      fail(breaker, 1, new Error('first'))
      fail(breaker, 1, new Error('second'))

      succeed(breaker)
      admitted(breaker).report(verdict('ignored'), new Error('gone'))
      admitted(breaker).report(verdict('ok'), new Error('conflict'))

      expect(breaker.snapshot().lastFailure).toMatchObject({ message: 'second' })
    })

    test('is left alone by a stale one', () => {
      const { breaker } = breakerWith()
      const { generation } = breaker
      breaker.open()

      const counted = breaker.recordFailure(verdict('failure'), new Error('late'), generation)

      expect(counted).toBe(false)
      expect(breaker.snapshot()).toMatchObject({ staleCount: 1, lastFailure: undefined })
    })
  })

  describe('a refusal', () => {
    test('says when to try again only where the time is known', () => {
      const { breaker } = breakerWith({ halfOpen: { probes: 1, successes: 1, maxMs: 5000 } })
      breaker.open()
      const open = refused(breaker)
      vi.advanceTimersByTime(5000)
      admitted(breaker)
      const taken = refused(breaker)
      breaker.isolate()

      expect(open).toMatchObject({ state: 'open', retryAfterMs: 5000 })
      expect(taken).toMatchObject({ state: 'half-open', retryAfterMs: undefined })
      expect(refused(breaker)).toMatchObject({ state: 'isolated', retryAfterMs: undefined })
    })
  })

  describe('configure()', () => {
    test('drops what is older than a shorter window', () => {
      const { breaker } = breakerWith()
      fail(breaker, 3)
      vi.advanceTimersByTime(5000)
      fail(breaker, 1)

      breaker.configure(settingsOf({ windowMs: 2000 }))

      expect(breaker.counts().failures).toBe(1)
    })

    test('leaves an open time alone that is not beyond the new ceiling', () => {
      const { breaker } = breakerWith()
      breaker.open()
      vi.advanceTimersByTime(4000)

      breaker.configure(settingsOf({ recoveryMs: 3000 }))

      expect(breaker.snapshot().retryAfterMs).toBe(1000)
    })

    test('opens nothing that was closed before its open time was over', () => {
      const { breaker } = breakerWith()
      breaker.open()
      breaker.close()

      breaker.configure(settingsOf({ recoveryMs: 3000 }))

      expect(breaker.state).toBe('closed')
    })

    test('opens no circuit that is half-open: its probes decide', () => {
      const { breaker } = breakerWith({ consecutive: 3 })
      fail(breaker, 3)
      vi.advanceTimersByTime(5000)

      breaker.configure(settingsOf({ consecutive: 2 }))

      expect(breaker.state).toBe('half-open')
    })
  })

  test('import() of the state that it is in tells no transition', () => {
    const { breaker, transitions } = breakerWith()

    breaker.import(breaker.export())

    expect(transitions).toEqual([])
    expect(breaker.snapshot()).toMatchObject({ reason: undefined, generation: 1 })
  })
})
