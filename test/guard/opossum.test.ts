import { EventEmitter } from 'node:events'
// @ts-expect-error its types say less than it does
import opossum from 'opossum'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createEngine, type Engine, type EngineHooks } from '../../src/guard/opossum.ts'

interface Counters {
  increment(property: string): void
}

describe('createEngine()', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('makes a closed engine without a timer', () => {
    const { engine } = engineWith()

    expect([engine.state, vi.getTimerCount()]).toEqual(['closed', 0])
  })

  test('open() asks for a new open time each time it opens', () => {
    const times = [100, 300]
    const { engine, told } = engineWith({ openMs: () => times.shift() ?? 0 })

    engine.open()
    engine.open()
    vi.advanceTimersByTime(100)
    engine.open()
    vi.advanceTimersByTime(299)

    expect(engine.state).toBe('open')

    vi.advanceTimersByTime(1)

    expect(engine.state).toBe('half-open')
    expect(told).toEqual(['open', 'half-open', 'open', 'half-open'])
  })

  test('probe() lets the round close the circuit before it returns', () => {
    const { engine, told } = engineWith()
    const round = halfOpen(engine).probe()

    round.succeed()

    expect([engine.state, told.at(-1)]).toEqual(['closed', 'closed'])
  })

  test('probe() lets the round open the circuit before it returns', () => {
    const { engine, told } = engineWith()
    const round = halfOpen(engine).probe()

    round.fail()

    expect([engine.state, told.at(-1)]).toEqual(['open', 'open'])
  })

  test('probe() makes a round without effect once the circuit has moved otherwise', () => {
    const { engine } = engineWith()
    const first = halfOpen(engine).probe()
    engine.close()

    first.fail()

    expect(engine.state).toBe('closed')

    const second = halfOpen(engine).probe()
    engine.open()
    second.succeed()

    expect(engine.state).toBe('open')
  })

  test('close() in the transition to open ends the timer', () => {
    const { engine } = engineWith({
      onTransition: (to) => {
        if (to === 'open') engine.close()
      },
    })

    engine.open()

    expect([engine.state, vi.getTimerCount()]).toEqual(['closed', 0])
  })

  test('restores an open circuit for the time given, without a transition', () => {
    const { engine, told } = engineWith({}, 40)

    expect([engine.state, told]).toEqual(['open', []])

    vi.advanceTimersByTime(40)

    expect([engine.state, told]).toEqual(['half-open', ['half-open']])
  })

  test('starts no interval, not even when it is loaded', async () => {
    vi.resetModules()

    const { createEngine: createAgain } = await import('../../src/guard/opossum.ts')
    createAgain('main:payments', { openMs: () => 1, onTransition: () => {} })

    expect(vi.getTimerCount()).toBe(0)
  })

  test('has no counters that grow with its rounds', () => {
    const { newStatus } = opossum as { newStatus(this: void, options: object): Counters }
    const idle = newStatus({ enableSnapshots: false, rotateBucketController: new EventEmitter() })
    const prototype = Object.getPrototypeOf(idle) as Counters
    const counted = vi.spyOn(prototype, 'increment')
    const { engine } = engineWith()

    halfOpen(engine).probe().fail()
    vi.advanceTimersByTime(1000)
    engine.probe().succeed()

    expect(engine.state).toBe('closed')
    expect(counted).not.toHaveBeenCalled()
  })

  test('dispose() leaves no timer and tells nothing more', () => {
    const { engine, told } = engineWith()
    engine.open()

    engine.dispose()
    vi.advanceTimersByTime(10_000)

    expect([vi.getTimerCount(), told]).toEqual([0, ['open']])
  })
})

function engineWith(
  hooks: Partial<EngineHooks> = {},
  restoredOpenMs?: number,
): { readonly engine: Engine; readonly told: string[] } {
  const told: string[] = []
  const all = { openMs: () => 1000, onTransition: (to: string) => void told.push(to), ...hooks }
  return { engine: createEngine('main:payments', all, restoredOpenMs), told }
}

function halfOpen(engine: Engine): Engine {
  engine.open()
  vi.advanceTimersByTime(1000)
  return engine
}
