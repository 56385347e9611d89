import { EventEmitter } from 'node:events'
// @ts-expect-error its types say less than it does
import opossum from 'opossum'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

interface Breaker extends EventEmitter {
  readonly options: Options
  readonly closed: boolean
  readonly opened: boolean
  readonly halfOpen: boolean
  open(): void
  close(): void
  fire(): Promise<unknown>
  shutdown(): void
}
interface Options {
  resetTimeout: number
  [key: string]: unknown
}
interface Status extends EventEmitter {
  increment(property: string): void
}
const Opossum = opossum as {
  new (action: () => unknown, options: Options): Breaker
  newStatus(options: object): Status & { readonly constructor: new (options: object) => Status }
}

const quiet = {
  timeout: false,
  errorThresholdPercentage: 100,
  enableSnapshots: false,
  rollingPercentilesEnabled: false,
  rollingCountBuckets: 1,
}

/** What src/guard/opossum.ts relies on and what nobody promises: a new opossum has to pass this. */
describe('opossum 10.0.0', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  describe('1. the open time', () => {
    test('options is the object passed in', () => {
      const options = optionsOf()

      expect(breakerOf(options).options).toBe(options)
    })

    test('resetTimeout is read after listeners that were prepended to open', () => {
      const breaker = breakerOf(optionsOf({ resetTimeout: 1000 }))
      breaker.prependListener('open', () => {
        breaker.options.resetTimeout = 50
      })

      breaker.open()
      vi.advanceTimersByTime(50)

      expect(breaker.halfOpen).toBe(true)
    })

    test('the timer is armed before listeners that were added to open', () => {
      const breaker = breakerOf(optionsOf({ resetTimeout: 1000 }))
      let timers = 0
      breaker.on('open', () => {
        timers = vi.getTimerCount()
      })

      breaker.open()

      expect(timers).toBe(1)
    })
  })

  describe('2. open() and close()', () => {
    test('act at once, tell once, and do nothing when already there', () => {
      const breaker = breakerOf(optionsOf())
      const told = record(breaker)

      breaker.close()
      breaker.open()
      breaker.open()

      expect([breaker.opened, told]).toEqual([true, ['open']])

      breaker.close()
      breaker.close()

      expect([breaker.closed, told]).toEqual([true, ['open', 'close']])
    })

    test('close() ends the timer', () => {
      const breaker = breakerOf(optionsOf())
      breaker.open()

      breaker.close()

      expect(vi.getTimerCount()).toBe(0)
    })

    test('the timer does not keep the process alive, and tells halfOpen', () => {
      const timers = vi.spyOn(globalThis, 'setTimeout')
      const breaker = breakerOf(optionsOf({ resetTimeout: 1000 }))
      const told = record(breaker)

      breaker.open()
      const timer = timers.mock.results[0]?.value as NodeJS.Timeout | undefined
      vi.advanceTimersByTime(999)

      expect([timer?.hasRef(), told]).toEqual([false, ['open']])

      vi.advanceTimersByTime(1)

      expect([breaker.halfOpen, told]).toEqual([true, ['open', 'halfOpen']])
    })
  })

  describe('3. half-open', () => {
    test('the first fire() calls the action at once, a second is refused', async () => {
      const action = vi.fn(() => Promise.withResolvers<void>().promise)
      const breaker = halfOpen(action)

      void breaker.fire()

      expect(action).toHaveBeenCalledTimes(1)
      await expect(breaker.fire()).rejects.toMatchObject({ code: 'EOPENBREAKER' })
      expect(action).toHaveBeenCalledTimes(1)
    })

    test('resolving closes and rejecting opens', async () => {
      const healed = halfOpen(() => Promise.resolve())
      const ill = halfOpen(() => Promise.reject(new Error('still ill')))

      await healed.fire()
      await expect(ill.fire()).rejects.toThrow('still ill')

      expect([healed.closed, ill.opened]).toEqual([true, true])
    })

    test('an action that settles in the turn moves the circuit in the turn', () => {
      const { settle, breaker } = settledInTurn()
      const { settle: settleIll, breaker: ill } = settledInTurn()

      settle.ok?.()
      settleIll.failed?.(new Error('still ill'))

      expect([breaker.closed, ill.opened]).toEqual([true, true])
    })

    test.each(['ok', 'failed'] as const)(
      'settling with %s after open() or close() changes nothing',
      (how) => {
        const first = settledInTurn()
        const second = settledInTurn()
        first.breaker.open()
        second.breaker.close()

        first.settle[how]?.(new Error('late'))
        second.settle[how]?.(new Error('late'))

        expect([first.breaker.opened, second.breaker.closed]).toEqual([true, true])
      },
    )
  })

  describe('4. restoring', () => {
    test('state closed: false without lastTimerAt starts open for resetTimeout', () => {
      const breaker = breakerOf(optionsOf({ resetTimeout: 70, state: { closed: false } }))

      expect(breaker.opened).toBe(true)

      vi.advanceTimersByTime(69)
      expect(breaker.opened).toBe(true)

      vi.advanceTimersByTime(1)
      expect(breaker.halfOpen).toBe(true)
    })
  })

  describe('5. nothing is left', () => {
    test('status takes a subclass of the own one, and calls its increment', async () => {
      const counted: string[] = []
      class Counting
        extends Opossum.newStatus({ ...quiet, rotateBucketController: new EventEmitter() })
          .constructor
      {
        override increment(property: string): void {
          counted.push(property)
        }
      }
      const status = new Counting({ ...quiet, rotateBucketController: new EventEmitter() })

      await new Opossum(() => Promise.resolve(), optionsOf({ status })).fire()

      expect(counted).toEqual(['fires', 'successes'])
    })

    test('there is no timer while closed', () => {
      breakerOf(optionsOf())

      expect(vi.getTimerCount()).toBe(0)
    })

    test('shutdown() leaves no timer and no listener', () => {
      const breaker = breakerOf(optionsOf())
      breaker.on('open', () => {})
      breaker.open()

      breaker.shutdown()

      expect([vi.getTimerCount(), breaker.eventNames()]).toEqual([0, []])
    })
  })
})

function optionsOf(more: object = {}): Options {
  return { ...quiet, resetTimeout: 1000, rotateBucketController: new EventEmitter(), ...more }
}

function breakerOf(options: Options, action: () => unknown = () => Promise.resolve()): Breaker {
  return new Opossum(action, options)
}

function halfOpen(action: () => unknown): Breaker {
  const breaker = breakerOf(optionsOf(), action)
  breaker.open()
  vi.advanceTimersByTime(1000)
  return breaker
}

function settledInTurn(): {
  readonly settle: { ok?: (value?: unknown) => void; failed?: (error: unknown) => void }
  readonly breaker: Breaker
} {
  const settle: { ok?: (value?: unknown) => void; failed?: (error: unknown) => void } = {}
  const thenable = {
    // oxlint-disable-next-line unicorn/no-thenable -- what the engine hands to opossum
    then(ok: () => void) {
      settle.ok = ok
      return {
        catch(failed: (error: unknown) => void) {
          settle.failed = failed
        },
      }
    },
  }
  const breaker = halfOpen(() => thenable)
  breaker.fire().catch(() => {})
  return { settle, breaker }
}

function record(breaker: Breaker): string[] {
  const told: string[] = []
  for (const name of ['open', 'halfOpen', 'close']) breaker.on(name, () => told.push(name))
  return told
}
