import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Bulkhead, type FullReason, type Slot } from '../../src/guard/bulkhead.ts'
import { FakeClock } from '../support/fake-clock.ts'

class Full extends Error {
  readonly reason: FullReason

  constructor(reason: FullReason) {
    super(reason)
    this.reason = reason
  }
}

function scene({ limit = 1, queue = 10, queueTimeoutMs = 100 } = {}) {
  const clock = new FakeClock()
  const bulkhead = new Bulkhead(
    { limit, queue, queueTimeoutMs },
    clock,
    (reason) => new Full(reason),
  )
  return { clock, bulkhead }
}

/** Takes a place that has to be free. */
function hold(bulkhead: Bulkhead): Slot {
  const slot = bulkhead.acquire()
  if (slot instanceof Promise) throw new Error('No place was free')
  return slot
}

function reasonOf(error: unknown): string {
  return error instanceof Full ? error.reason : String(error)
}

/** Takes a place that has to be waited for, and writes down what comes of it. */
function waitFor(bulkhead: Bulkhead, log: unknown[], name: unknown, signal?: AbortSignal): void {
  Promise.resolve(bulkhead.acquire(signal)).then(
    () => log.push(name),
    (error: unknown) => log.push(reasonOf(error)),
  )
}

describe('Bulkhead.acquire()', () => {
  test('gives a free place synchronously and sets no timer', () => {
    const { clock, bulkhead } = scene({ limit: 2 })

    hold(bulkhead)
    hold(bulkhead)

    expect(bulkhead.inflight).toBe(2)
    expect(clock.pending).toBe(0)
  })

  test('serves waiters in order of arrival', async () => {
    const { clock, bulkhead } = scene()
    const log: unknown[] = []
    const slot = hold(bulkhead)
    const served = [1, 2, 3].map(async (name) => {
      const place = await bulkhead.acquire()
      log.push(name)
      place.release()
    })

    slot.release()
    await Promise.all(served)

    expect(log).toEqual([1, 2, 3])
    expect([bulkhead.inflight, bulkhead.queued, clock.pending]).toEqual([0, 0, 0])
  })

  test('throws with queue-full when the queue is full', () => {
    const { bulkhead } = scene({ queue: 1 })
    hold(bulkhead)
    waitFor(bulkhead, [], 'first')

    const act = (): unknown => bulkhead.acquire()

    expect(act).toThrow(new Full('queue-full'))
    expect(bulkhead.queued).toBe(1)
  })

  test('throws with queue-timeout when nobody may wait', () => {
    const { bulkhead } = scene({ queueTimeoutMs: 0 })
    hold(bulkhead)

    expect(() => bulkhead.acquire()).toThrow(new Full('queue-timeout'))
  })

  test('rejects each waiter when its own time is over, with one timer for all', async () => {
    const { clock, bulkhead } = scene()
    const log: unknown[] = []
    hold(bulkhead)
    waitFor(bulkhead, log, 'first')
    await clock.advance(40)
    waitFor(bulkhead, log, 'second')
    const timers = clock.pending

    await clock.advance(59)
    const before = log.length
    await clock.advance(1)
    const first = [...log]
    await clock.advance(40)

    expect(timers).toBe(1)
    expect(before).toBe(0)
    expect(first).toEqual(['queue-timeout'])
    expect(log).toEqual(['queue-timeout', 'queue-timeout'])
    expect([bulkhead.queued, clock.pending]).toEqual([0, 0])
  })

  test('rejects a waiter that aborts with its reason, and the others keep their order', async () => {
    const { clock, bulkhead } = scene()
    const log: unknown[] = []
    const { signal, abort } = abortable()
    const slot = hold(bulkhead)
    waitFor(bulkhead, log, 'first')
    waitFor(bulkhead, log, 'second', signal)
    waitFor(bulkhead, log, 'third')

    abort('hung up')
    slot.release()
    await clock.advance(0)

    expect(log).toEqual(['hung up', 'first'])
    expect(bulkhead.queued).toBe(1)
  })

  test('stops its timer when the last waiter aborts', () => {
    const { clock, bulkhead } = scene()
    const { signal, abort } = abortable()
    hold(bulkhead)
    waitFor(bulkhead, [], 'only', signal)

    abort('hung up')

    expect(clock.pending).toBe(0)
  })

  test('does not queue a caller that has aborted before', async () => {
    const { clock, bulkhead } = scene()
    hold(bulkhead)

    await expect(bulkhead.acquire(AbortSignal.abort('gone'))).rejects.toBe('gone')

    expect([bulkhead.queued, clock.pending]).toEqual([0, 0])
  })

  test('leaves no listener on the signal of a served waiter', async () => {
    const { bulkhead } = scene()
    const { signal } = abortable()
    const slot = hold(bulkhead)
    const next = bulkhead.acquire(signal)

    slot.release()
    await next

    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})

describe('Slot.release()', () => {
  test('gives the place back once, however often it is called', () => {
    const { bulkhead } = scene({ limit: 2 })
    const slot = hold(bulkhead)
    hold(bulkhead)

    slot.release()
    slot.release()

    expect(bulkhead.inflight).toBe(1)
  })
})

describe('Bulkhead.configure()', () => {
  test('admits waiters at once when the limit grows', async () => {
    const { clock, bulkhead } = scene()
    const log: unknown[] = []
    hold(bulkhead)
    for (const name of [1, 2, 3]) waitFor(bulkhead, log, name)

    bulkhead.resize(3)
    await clock.advance(0)

    expect(log).toEqual([1, 2])
    expect([bulkhead.limit, bulkhead.inflight, bulkhead.queued]).toEqual([3, 3, 1])
  })

  test('drains when the limit shrinks', async () => {
    const { clock, bulkhead } = scene({ limit: 3 })
    const slots = [hold(bulkhead), hold(bulkhead), hold(bulkhead)]
    const log: unknown[] = []

    bulkhead.resize(1)
    waitFor(bulkhead, log, 'next')
    slots[0]?.release()
    slots[1]?.release()
    await clock.advance(0)
    const drained = [bulkhead.inflight, ...log]
    slots[2]?.release()
    await clock.advance(0)

    expect(drained).toEqual([1])
    expect([bulkhead.inflight, ...log]).toEqual([1, 'next'])
  })

  test('applies a shorter patience to those who wait already', async () => {
    const { clock, bulkhead } = scene()
    const log: unknown[] = []
    hold(bulkhead)
    waitFor(bulkhead, log, 'first')
    await clock.advance(60)
    waitFor(bulkhead, log, 'second')

    bulkhead.configure({ limit: 1, queue: 10, queueTimeoutMs: 50 })
    await clock.advance(0)
    const atOnce = [...log]
    await clock.advance(50)

    expect(atOnce).toEqual(['queue-timeout'])
    expect(log).toHaveLength(2)
  })
})

describe('Bulkhead.refuseWaiters()', () => {
  test('refuses all who wait, keeps the running ones and leaves no timer', async () => {
    const { clock, bulkhead } = scene()
    const log: unknown[] = []
    hold(bulkhead)
    waitFor(bulkhead, log, 1)
    waitFor(bulkhead, log, 2)

    bulkhead.refuseWaiters(() => new Full('queue-full'))
    await clock.advance(0)

    expect(log).toEqual(['queue-full', 'queue-full'])
    expect([bulkhead.inflight, bulkhead.queued, clock.pending]).toEqual([1, 0, 0])
  })
})

interface Model {
  readonly held: Slot[]
  /** Who waits, in order: name and when it came. */
  readonly waiting: { name: number; since: number; abort: (reason: string) => void }[]
  readonly events: string[]
}

const command = fc.oneof(
  fc.constantFrom('acquire' as const, 'acquire' as const, 'release' as const, 'abort' as const),
  fc.record({ advance: fc.integer({ min: 1, max: 60 }) }),
  fc.record({ limit: fc.integer({ min: 1, max: 4 }) }),
)

describe('Bulkhead', () => {
  test('does what a plain list does, whatever happens', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 40 }), async (commands) => {
        const { clock, bulkhead } = scene({ limit: 2, queue: 3 })
        const model: Model = { held: [], waiting: [], events: [] }
        const real: string[] = []
        const slots: Slot[] = []
        let limit = 2
        let running = 0
        let name = 0
        const serve = (): void => {
          while (running < limit && model.waiting.length > 0) {
            running += 1
            model.events.push(`served ${model.waiting.shift()?.name}`)
          }
        }
        for (const action of commands) {
          if (action === 'acquire') {
            const id = (name += 1)
            const controller = new AbortController()
            try {
              Promise.resolve(bulkhead.acquire(controller.signal)).then(
                (slot) => {
                  slots.push(slot)
                  real.push(`served ${id}`)
                },
                (error: unknown) => real.push(`${reasonOf(error)} ${id}`),
              )
            } catch (error) {
              real.push(`${reasonOf(error)} ${id}`)
            }
            const abort = (reason: string): void => controller.abort(reason)
            if (running < limit) {
              running += 1
              model.events.push(`served ${id}`)
            } else if (model.waiting.length >= 3) model.events.push(`queue-full ${id}`)
            else model.waiting.push({ name: id, since: clock.elapsed(), abort })
          } else if (action === 'release') {
            const slot = slots.shift()
            slot?.release()
            if (slot !== undefined) running -= 1
            serve()
          } else if (action === 'abort') {
            const gone = model.waiting.splice(Math.floor(model.waiting.length / 2), 1)[0]
            gone?.abort('aborted')
            if (gone !== undefined) model.events.push(`aborted ${gone.name}`)
          } else if ('limit' in action) {
            limit = action.limit
            bulkhead.resize(limit)
            serve()
          } else {
            await clock.advance(action.advance)
            while ((model.waiting[0]?.since ?? Infinity) + 100 <= clock.elapsed()) {
              model.events.push(`queue-timeout ${model.waiting.shift()?.name}`)
            }
          }
          await clock.advance(0)

          expect(real).toEqual(model.events)
          expect([bulkhead.inflight, bulkhead.queued]).toEqual([running, model.waiting.length])
          expect(clock.pending).toBe(model.waiting.length > 0 ? 1 : 0)
        }
      }),
      { numRuns: 300 },
    )
  })
})

function abortable(): { signal: AbortSignal; abort: (reason: string) => void } {
  const controller = new AbortController()
  return { signal: controller.signal, abort: (reason) => controller.abort(reason) }
}
