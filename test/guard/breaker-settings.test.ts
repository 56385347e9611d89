import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { breakerWith, settingsOf, admitted, refused, fail, verdict } from './support/breaker.ts'

describe('Breaker', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  describe('modes', () => {
    test('isolate() refuses until enable(), while the engine goes on beneath', () => {
      const { breaker } = breakerWith()
      breaker.open()
      breaker.isolate()
      vi.advanceTimersByTime(5000)

      expect(refused(breaker)).toMatchObject({ state: 'isolated', reason: 'isolated' })
      expect(breaker.state).toBe('half-open')

      breaker.enable()

      expect(breaker.admit().admitted).toBe(true)
    })

    test('isolate() leaves running calls alone: they count', () => {
      const { breaker } = breakerWith()
      const ticket = admitted(breaker)

      breaker.isolate()

      expect([ticket.report(verdict('ok')), breaker.counts().count('ok')]).toEqual([true, 1])
    })

    test('disable() admits and counts, and never opens', () => {
      const { breaker } = breakerWith()
      breaker.disable()

      fail(breaker, 50)

      expect([breaker.state, breaker.counts().failures]).toEqual(['closed', 50])
    })

    test('disable() admits over an open circuit', () => {
      const { breaker } = breakerWith()
      breaker.open()

      breaker.disable()

      expect(breaker.admit().admitted).toBe(true)
    })

    test('are told once each', () => {
      const { breaker, modes } = breakerWith()

      breaker.isolate()
      breaker.isolate()
      breaker.reset()

      expect(modes.map(({ mode }) => mode)).toEqual(['isolated', 'auto'])
    })

    test('are told with who set them', () => {
      const { breaker, modes } = breakerWith()
      const exported = breaker.export()

      breaker.isolate('ada')
      breaker.disable('bob')
      breaker.enable('cy')
      breaker.isolate()
      breaker.reset('dee')
      breaker.configure(settingsOf({}, 'isolated'))
      breaker.import(exported)

      const named = { owner: 'main', dependency: 'payments' }
      expect(modes).toEqual([
        { ...named, mode: 'isolated', by: 'ada' },
        { ...named, mode: 'disabled', by: 'bob' },
        { ...named, mode: 'auto', by: 'cy' },
        { ...named, mode: 'isolated', by: undefined },
        { ...named, mode: 'auto', by: 'dee' },
        { ...named, mode: 'isolated', by: 'settings' },
        { ...named, mode: 'auto', by: 'import' },
      ])
    })
  })

  describe('configure()', () => {
    test('opens a circuit that is ill by the new settings', () => {
      const { breaker } = breakerWith()
      fail(breaker, 3)

      breaker.configure(settingsOf({ consecutive: 3 }))

      expect(breaker.state).toBe('open')
    })

    test('shortens an open time above the new ceiling, without a transition', () => {
      const { breaker, transitions } = breakerWith()
      fail(breaker, 5)
      const { generation } = breaker

      breaker.configure(settingsOf({ recoveryMs: 3000 }))

      expect(breaker.snapshot()).toMatchObject({ retryAfterMs: 2000, openMs: 2000, generation })
      expect(vi.getTimerCount()).toBe(1)

      vi.advanceTimersByTime(2000)

      expect(breaker.state).toBe('half-open')
      expect(transitions.map(({ to }) => to)).toEqual(['open', 'half-open'])
    })

    test('lifts an isolation only where the mode itself changes', () => {
      const { breaker } = breakerWith()
      breaker.isolate()

      breaker.configure(settingsOf({ consecutive: 3 }))
      expect(breaker.mode).toBe('isolated')

      breaker.configure(settingsOf({}, 'disabled'))
      expect(breaker.mode).toBe('disabled')
    })

    test('keeps the samples', () => {
      const { breaker } = breakerWith()
      fail(breaker, 3)

      breaker.configure(settingsOf({ windowMs: 60_000, buckets: 6 }))

      expect(breaker.counts().failures).toBe(3)
    })
  })
})
