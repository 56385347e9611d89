import { AsyncResource } from 'node:async_hooks'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { isInside, nest, type Nesting } from '../../src/guard/nesting.ts'
import { guarded, works } from './support/guarded.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('DependencyGuard.call() inside a task of the same guard', () => {
  test('passes while the task runs, and is guarded when the task has left it behind', async () => {
    const { guard, calls } = guarded()
    let leftBehind: (() => Promise<unknown>) | undefined

    await guard.call(async () => {
      await guard.call(works)
      // As a timer or a connection would do; fake timers do not keep the context.
      leftBehind = AsyncResource.bind(() => guard.call(works))
    })
    const during = calls.length
    await leftBehind?.()

    expect(during).toBe(1)
    expect(calls.map(({ outcome }) => outcome)).toEqual(['ok', 'ok'])
  })
})

describe('nest()', () => {
  test('keeps the tasks that run, and leaves out those that have ended', () => {
    const [a, b, c] = [{}, {}, {}]
    const outer = nest(a, undefined)
    const ended: Nesting = { ...nest(b, outer), isOver: true }

    const inner = nest(c, ended)

    expect(inner.outer).toBe(outer)
    expect([a, b, c].map((guard) => isInside(guard, inner))).toEqual([true, false, true])
  })
})
