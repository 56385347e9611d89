import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, test, vi } from 'vitest'
import { EventHub } from '../../src/base/events.ts'
import type { Nesting } from '../../src/guard/nesting.ts'
import type { GuardEvents } from '../../src/guard/events.ts'
import { GuardRegistry } from '../../src/guard/registry.ts'
import type { GuardSettings } from '../../src/guard/settings.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { guardSettings } from './support/settings.ts'

const fails = (): Promise<never> => Promise.reject(new Error('refused'))
const works = (): Promise<string> => Promise.resolve('ok')

interface Rig {
  readonly registry: GuardRegistry
  readonly clock: FakeClock
  readonly evicted: GuardEvents['guard.evicted'][]
  readonly full: number[]
  settings: GuardSettings
}

function rigged(
  maxGuards = 1000,
  declared: { includes(name: string): boolean } = [] as string[],
): Rig {
  const clock = new FakeClock()
  const events = new EventHub<GuardEvents>()
  const evicted: GuardEvents['guard.evicted'][] = []
  const full: number[] = []
  events.on('guard.evicted', (event) => evicted.push(event))
  events.on('guard.registry-full', ({ size }) => full.push(size))
  const rig: Rig = {
    clock,
    evicted,
    full,
    settings: guardSettings({ consecutive: 1 }),
    registry: new GuardRegistry({
      ...{ clock, events, random: () => 0, nesting: new AsyncLocalStorage<Nesting>() },
      settingsOf: () => rig.settings,
      isDeclared: (dependency) => declared.includes(dependency),
      isKept: (dependency) => declared.includes(dependency),
      maxGuards: () => maxGuards,
    }),
  }
  return rig
}

describe('GuardRegistry.for()', () => {
  test('gives one guard for an owner and a dependency, another for each other pair', () => {
    const { registry } = rigged()

    const one = registry.for('orders', 'payments')

    expect(registry.for('orders', 'payments')).toBe(one)
    expect(registry.for('carts', 'payments')).not.toBe(one)
    expect(registry.for('orders', 'stock')).not.toBe(one)
    expect(registry.size).toBe(3)
  })

  test('lets the least recently used guard go that is idle and rested', async () => {
    const { registry, clock, evicted, full } = rigged(2)
    const [a] = [registry.for('o', 'a'), registry.for('o', 'b')]
    await clock.advance(1000)
    registry.for('o', 'a')

    registry.for('o', 'c')

    expect(evicted).toEqual([{ owner: 'o', dependency: 'b', reason: 'idle' }])
    expect(full).toEqual([])
    expect(registry.for('o', 'a')).toBe(a)
  })

  test('ends the guard that it lets go, and forgets it', async () => {
    const { registry } = rigged(1)
    const gone = registry.for('o', 'a')

    registry.for('o', 'b')

    expect(registry.find('o:a')).toEqual([])
    expect(registry.size).toBe(1)
    await expect(gone.call(works)).rejects.toMatchObject({ code: 'SOMON_GUARD_DISPOSED' })
  })

  test('keeps the order of uses within one second', async () => {
    const { registry, clock, evicted } = rigged(2)
    await clock.advance(600)
    registry.for('o', 'a')
    registry.for('o', 'b')
    await clock.advance(999)
    registry.for('o', 'a')

    registry.for('o', 'c')

    expect(evicted).toMatchObject([{ dependency: 'a' }])
  })

  test('keeps what is declared, open, or running, and grows instead', async () => {
    const { registry, evicted, full } = rigged(3, ['declared'])
    registry.for('o', 'declared')
    registry.for('o', 'open').open()
    const running = Promise.withResolvers<string>()
    const call = registry.for('o', 'running').call(() => running.promise)

    registry.for('o', 'one-more')
    running.resolve('done')
    await call
    registry.dispose()

    expect(evicted).toEqual([])
    expect(full).toEqual([3])
  })

  test('lets an idle guard go in any state above twice the number', () => {
    const { registry, evicted } = rigged(1)
    registry.for('o', 'a').open()
    registry.for('o', 'b').open()

    registry.for('o', 'c')
    registry.dispose()

    expect(evicted).toEqual([{ owner: 'o', dependency: 'a', reason: 'forced' }])
  })
})

describe('GuardRegistry above twice the number', () => {
  test('still keeps what is declared or runs', async () => {
    const { registry, evicted, full } = rigged(1, ['declared'])
    registry.for('o', 'declared').open()
    const running = Promise.withResolvers<string>()
    const call = registry.for('o', 'running').call(() => running.promise)

    registry.for('o', 'c').open()
    registry.for('o', 'd')
    running.resolve('done')
    await call
    registry.dispose()

    expect(evicted).toEqual([{ owner: 'o', dependency: 'c', reason: 'forced' }])
    expect(full).toEqual([1, 2])
  })
})

describe('GuardRegistry over the number', () => {
  test('costs as much for each guard as without a number while none can go', () => {
    let looks = 0
    const { registry, full } = rigged(100, {
      includes: () => {
        looks += 1
        return true
      },
    })

    for (let at = 0; at < 4000; at += 1) registry.for('o', `d${at}`)
    registry.dispose()

    expect(looks).toBeGreaterThan(100)
    expect(looks).toBeLessThan(4000 * 20)
    expect(full.length).toBeLessThan(8)
  })

  test('tells that it is full once a minute, and at each doubling', async () => {
    const { registry, clock, full } = rigged(2, ['a', 'b', 'c', 'd', 'e', 'f'])
    for (const name of ['a', 'b', 'c', 'd', 'e']) registry.for('o', name)
    const doubling = [...full]

    await clock.advance(60_000)
    registry.for('o', 'f')
    registry.dispose()

    expect([doubling, full]).toEqual([
      [2, 4],
      [2, 4, 5],
    ])
  })

  test('comes back to the number at once when guards have come to rest', async () => {
    const { registry, evicted } = rigged(2)
    const running = Promise.withResolvers<string>()
    const calls = ['a', 'b', 'c', 'd'].map((name) =>
      registry.for('o', name).call(() => running.promise),
    )
    running.resolve('done')
    await Promise.all(calls)

    registry.for('o', 'e')
    registry.dispose()

    expect(evicted.map(({ dependency }) => dependency)).toEqual(['a', 'b', 'c'])
  })
})

describe('GuardRegistry', () => {
  test('snapshot() counts half-open circuits', async () => {
    vi.useFakeTimers()
    const { registry } = rigged()
    registry.for('o', 'a').open()
    await vi.advanceTimersByTimeAsync(30_000)

    const { overall } = registry.snapshot()
    registry.dispose()
    vi.useRealTimers()

    expect(overall).toMatchObject({ total: 1, open: 0, halfOpen: 1 })
  })

  test('guardOf() calls through the guard of the owner', async () => {
    const { registry } = rigged()
    const guard = registry.guardOf('orders')
    await guard('payments', fails).catch(() => {})

    await expect(guard('payments', works)).rejects.toMatchObject({ code: 'SOMON_GUARD_OPEN' })
    await expect(registry.guardOf('carts')('payments', works)).resolves.toBe('ok')
    registry.dispose()
  })

  test('find() knows ids and dependencies, and makes nothing', () => {
    const { registry } = rigged()
    const [one, other] = [registry.for('a', 'payments'), registry.for('b', 'payments')]

    expect(registry.find('payments')).toEqual([one, other])
    expect(registry.find('b:payments')).toEqual([other])
    expect(registry.find('stock')).toEqual([])
    expect(registry.size).toBe(2)
  })

  test('configure() reaches guards that exist', async () => {
    const rig = rigged()
    const guard = rig.registry.for('o', 'a')
    rig.settings = guardSettings({ consecutive: 2 })

    rig.registry.configure()
    await guard.call(fails).catch(() => {})

    expect(guard.breaker.state).toBe('closed')
  })

  test('snapshot() shows every guard under its id and counts states', () => {
    const { registry } = rigged(1000, ['b'])
    registry.for('o', 'a').open()
    registry.for('o', 'b').isolate()
    registry.for('o', 'c')

    const { overall, breakers } = registry.snapshot()
    registry.dispose()

    expect(overall).toEqual({
      total: 3,
      closed: 1,
      open: 1,
      halfOpen: 0,
      isolated: 1,
      disabled: 0,
    })
    expect(Object.keys(breakers)).toEqual(['o:a', 'o:b', 'o:c'])
    expect(breakers['o:a']).toMatchObject({ component: 'o', dependency: 'a', state: 'open' })
    expect(breakers['o:b']).toMatchObject({ state: 'isolated', declared: true })
  })

  test('export() holds the circuits that are not closed', () => {
    const { registry } = rigged()
    registry.for('o', 'a').open()
    registry.for('o', 'b')

    const exported = registry.export()
    registry.dispose()

    expect(Object.keys(exported)).toEqual(['o:a'])
    expect(exported['o:a']).toMatchObject({ v: 1, state: 'open' })
  })

  test('disposeOwner() ends the guards of one owner', async () => {
    const { registry } = rigged()
    const [gone, stays] = [registry.for('a', 'x'), registry.for('b', 'x')]

    registry.disposeOwner('a')

    await expect(gone.call(works)).rejects.toMatchObject({ code: 'SOMON_GUARD_DISPOSED' })
    await expect(stays.call(works)).resolves.toBe('ok')
    expect(registry.list()).toEqual([stays])
  })

  test('disposeOwner() keeps what knows of trouble until that is over', async () => {
    const { registry, clock } = rigged()
    const [open, isolated] = [registry.for('a', 'open'), registry.for('a', 'isolated')]
    open.open()
    isolated.isolate()
    const running = Promise.withResolvers<string>()
    const call = registry.for('a', 'running').call(() => running.promise)
    registry.for('a', 'closed')

    registry.disposeOwner('a')
    const kept = Object.keys(registry.snapshot().breakers)
    running.resolve('done')
    await call
    open.close()
    isolated.enable()
    await clock.advance(60_000)
    const after = registry.snapshot().overall.total

    expect(kept).toEqual(['a:open', 'a:isolated', 'a:running'])
    expect(after).toBe(0)
    await expect(open.call(works)).rejects.toMatchObject({ code: 'SOMON_GUARD_DISPOSED' })
  })

  test('disposeOwner() gives what it kept to an owner that comes back', async () => {
    const { registry, clock } = rigged()
    const open = registry.for('a', 'x')
    open.open()
    registry.disposeOwner('a')

    const again = registry.for('a', 'x')
    open.close()
    await clock.advance(60_000)

    expect(again).toBe(open)
    expect(registry.snapshot().overall.total).toBe(1)
  })

  test('dispose() ends all, those that are asked for later too', async () => {
    const { registry } = rigged()
    const before = registry.for('o', 'a')

    registry.dispose()

    await expect(before.call(works)).rejects.toMatchObject({ code: 'SOMON_GUARD_DISPOSED' })
    await expect(registry.for('o', 'b').call(works)).rejects.toMatchObject({
      code: 'SOMON_GUARD_DISPOSED',
    })
    expect(registry.size).toBe(0)
  })
})
