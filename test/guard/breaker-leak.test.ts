import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { EventHub } from '../../src/base/events.ts'
import { Breaker } from '../../src/guard/breaker.ts'
import type { GuardEvents } from '../../src/guard/events.ts'
import { guardSettings } from './support/settings.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const COUNT = 200
const ERROR = { outcome: 'failure', slow: false, retryAfterMs: undefined } as const

describe('Breaker', () => {
  test.each<[string, (breaker: Breaker) => void]>([
    ['never opened', () => {}],
    ['was open and is dropped without dispose()', (breaker) => breaker.close()],
    ['is open and disposed', (breaker) => breaker.dispose()],
  ])('is collected when it %s', async (name, end) => {
    const breakers = Array.from({ length: COUNT }, () => lived(name !== 'never opened', end))

    await turn()
    collectGarbage()

    expect(breakers.filter((breaker) => breaker.deref() !== undefined).length).toBeLessThan(5)
  })

  test('keeps no error that it was told of', async () => {
    const breaker = breakerOf()
    const errors = Array.from({ length: COUNT }, () => reported(breaker))

    await turn()
    collectGarbage()

    expect(errors.filter((error) => error.deref() !== undefined).length).toBeLessThan(5)
    expect(breaker.snapshot().lastFailure?.message).toBe('no')
  })
})

function lived(opens: boolean, end: (breaker: Breaker) => void): WeakRef<Breaker> {
  const breaker = breakerOf()
  if (opens) breaker.open()
  end(breaker)
  return new WeakRef(breaker)
}

function reported(breaker: Breaker): WeakRef<Error> {
  const error = new Error('no')
  const ticket = breaker.admit()
  if (ticket.admitted) ticket.report(ERROR, error)
  return new WeakRef(error)
}

function breakerOf(): Breaker {
  const events = new EventHub<GuardEvents>()
  const parts = { owner: 'main', dependency: 'payments', clock: systemClock, events }
  return new Breaker(
    { ...parts, random: Math.random },
    guardSettings({ consecutive: 0, minCalls: COUNT + 1 }),
  )
}
