import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EventHub } from '../../src/base/events.ts'
import type { CacheEvents, EvictionCause } from '../../src/cache/events.ts'
import { createMemoryTier, type MemoryLimits, type MemoryTier } from '../../src/cache/memory.ts'
import { FakeClock } from '../support/fake-clock.ts'

interface Thing {
  bytes: number
}

interface Scene {
  readonly tier: MemoryTier<Thing>
  readonly clock: FakeClock
  readonly hub: EventHub<CacheEvents>
  readonly evicted: [string, EvictionCause][]
}

function scene(limits: Partial<MemoryLimits> = {}): Scene {
  const clock = new FakeClock()
  const hub = new EventHub<CacheEvents>()
  const evicted: [string, EvictionCause][] = []
  const tier = createMemoryTier<Thing>({
    maxEntries: 3,
    maxBytes: 100,
    ttlMs: 0,
    ...limits,
    sizeOf: (thing) => thing.bytes,
    onEvict: (key, _thing, because) => evicted.push([key, because]),
    events: hub,
    clock,
  })
  return { tier, clock, hub, evicted }
}

describe('MemoryTier.set()', () => {
  test('evicts the least recently used entry beyond maxEntries', () => {
    const { tier, evicted } = scene()
    for (const key of ['a', 'b', 'c']) tier.set(key, { bytes: 1 })
    tier.get('a')

    tier.set('d', { bytes: 1 })

    expect(evicted).toEqual([['b', 'entries']])
    expect(tier.peek('a')).toEqual({ bytes: 1 })
  })

  test('evicts until the bytes fit', () => {
    const { tier, evicted } = scene()
    tier.set('a', { bytes: 40 })
    tier.set('b', { bytes: 40 })

    const stored = tier.set('c', { bytes: 70 })

    expect(stored).toBe(true)
    expect(evicted).toEqual([
      ['a', 'bytes'],
      ['b', 'bytes'],
    ])
    expect(tier.stats()).toMatchObject({ entries: 1, bytes: 70, evictions: 2 })
  })

  test('serves but does not store a value larger than the budget, and keeps the others', () => {
    const { tier } = scene()
    tier.set('a', { bytes: 10 })

    const stored = tier.set('huge', { bytes: 101 })

    expect(stored).toBe(false)
    expect(tier.peek('huge')).toBeUndefined()
    expect(tier.peek('a')).toBeDefined()
  })

  test('forgets the old value when the new one does not fit', () => {
    const { tier } = scene()
    tier.set('a', { bytes: 10 })

    tier.set('a', { bytes: 101 })

    expect(tier.get('a')).toBeUndefined()
    expect(tier.stats().bytes).toBe(0)
  })

  test('stores nothing while maxEntries is 0', () => {
    const { tier } = scene({ maxEntries: 0 })

    const stored = tier.set('a', { bytes: 1 })

    expect(stored).toBe(false)
    expect(tier.stats()).toMatchObject({ entries: 0, bytes: 0 })
  })

  test('replaces a value without reporting an eviction', () => {
    const { tier, evicted } = scene()
    tier.set('a', { bytes: 60 })

    tier.set('a', { bytes: 50 })

    expect(evicted).toEqual([])
    expect(tier.stats()).toMatchObject({ entries: 1, bytes: 50 })
  })
})

describe('MemoryTier.get()', () => {
  test('misses an entry older than ttlMs, which resize() does not make younger', async () => {
    const { tier, clock, evicted } = scene({ ttlMs: 1_000 })
    const thing = { bytes: 1 }
    tier.set('a', thing)
    await clock.advance(999)
    thing.bytes = 2
    tier.resize('a')
    const before = tier.get('a')
    await clock.advance(1)

    const after = tier.get('a')

    expect([before, after]).toEqual([thing, undefined])
    expect(evicted).toEqual([['a', 'age']])
    expect(tier.stats()).toMatchObject({ entries: 0, hits: 1, misses: 1 })
  })

  test('emits cache.hit and cache.miss', () => {
    const { tier, hub } = scene()
    const seen: unknown[] = []
    hub.on('cache.hit', (event) => seen.push(event))
    hub.on('cache.miss', (event) => seen.push(event))
    tier.set('a', { bytes: 7 })

    tier.get('a')
    tier.get('b')

    expect(seen).toEqual([
      { tier: 'memory', key: 'a', bytes: 7 },
      { tier: 'memory', key: 'b' },
    ])
  })
})

describe('MemoryTier.peek()', () => {
  test('lets an expired entry go and says so, without counting a miss', async () => {
    const { tier, clock, evicted } = scene({ ttlMs: 1_000 })
    tier.set('a', { bytes: 1 })
    await clock.advance(1_000)

    const found = tier.peek('a')

    expect(found).toBeUndefined()
    expect(evicted).toEqual([['a', 'age']])
    expect(tier.stats()).toMatchObject({ entries: 0, misses: 0 })
  })

  test('does not make an entry recent', () => {
    const { tier, evicted } = scene()
    for (const key of ['a', 'b', 'c']) tier.set(key, { bytes: 1 })

    tier.peek('a')
    tier.set('d', { bytes: 1 })

    expect(evicted).toEqual([['a', 'entries']])
  })
})

describe('MemoryTier.resize()', () => {
  test('evicts others when an entry has grown', () => {
    const { tier, evicted } = scene()
    const growing = { bytes: 10 }
    tier.set('a', { bytes: 50 })
    tier.set('b', growing)

    growing.bytes = 80
    tier.resize('b')

    expect(evicted).toEqual([['a', 'bytes']])
    expect(tier.stats().bytes).toBe(80)
  })

  test('gives up only the entry itself when it has grown beyond the budget', () => {
    const { tier, evicted } = scene()
    const growing = { bytes: 10 }
    tier.set('a', { bytes: 50 })
    tier.set('b', growing)

    growing.bytes = 101
    tier.resize('b')

    expect(evicted).toEqual([['b', 'bytes']])
    expect(tier.peek('a')).toBeDefined()
  })
})

describe('MemoryTier.pin()', () => {
  test('takes its bytes from the budget of the entries', () => {
    const { tier, evicted } = scene()
    tier.set('a', { bytes: 60 })

    tier.pin('g1', 50, 20)

    expect(evicted).toEqual([['a', 'bytes']])
    expect(tier.stats()).toMatchObject({ bytes: 0, pinnedBytes: 50, estimatedBytes: 20 })
  })

  test('reports pressure once per crossing and lets new values bypass memory', () => {
    const { tier, hub } = scene()
    const pressures: unknown[] = []
    hub.on('cache.pressure', (event) => pressures.push(event))

    tier.pin('g1', 60)
    tier.pin('g2', 60)
    tier.pin('g3', 1)
    const stored = tier.set('a', { bytes: 1 })

    expect(stored).toBe(false)
    expect(tier.isUnderPressure).toBe(true)
    expect(pressures).toEqual([{ pinnedBytes: 120, maxBytes: 100 }])
    tier.unpin('g1')
    expect(tier.isUnderPressure).toBe(false)
    expect(tier.set('a', { bytes: 1 })).toBe(true)
    tier.pin('g1', 60)
    expect(pressures).toHaveLength(2)
  })

  test('replaces the figures of a key', () => {
    const { tier } = scene()
    tier.pin('g1', 60, 60)

    tier.pin('g1', 10)

    expect(tier.stats()).toMatchObject({ pinnedBytes: 10, estimatedBytes: 0 })
  })
})

describe('MemoryTier.configure()', () => {
  test('applies smaller bounds before it returns', () => {
    const { tier, evicted } = scene()
    for (const key of ['a', 'b', 'c']) tier.set(key, { bytes: 30 })

    tier.configure({ maxEntries: 2, maxBytes: 40 })

    expect(evicted).toEqual([
      ['a', 'entries'],
      ['b', 'bytes'],
    ])
    expect(tier.stats()).toMatchObject({ entries: 1, bytes: 30 })
  })

  test('applies a new ttlMs to what is there', async () => {
    const { tier, clock } = scene()
    tier.set('a', { bytes: 1 })
    await clock.advance(500)

    tier.configure({ ttlMs: 400 })

    expect(tier.get('a')).toBeUndefined()
  })
})

test('MemoryTier holds both bounds and exact sums at every step of any history', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd', 'e')
  const bytes = fc.integer({ min: 0, max: 60 })
  const step = fc.oneof(
    fc.tuple(fc.constant('set'), key, bytes),
    fc.tuple(fc.constant('grow'), key, bytes),
    fc.tuple(fc.constant('get'), key, bytes),
    fc.tuple(fc.constant('delete'), key, bytes),
    fc.tuple(fc.constant('pin'), key, bytes),
    fc.tuple(fc.constant('unpin'), key, bytes),
    fc.tuple(fc.constant('maxBytes'), key, bytes),
    fc.tuple(fc.constant('maxEntries'), key, fc.integer({ min: 0, max: 6 })),
    fc.tuple(fc.constant('wait'), key, bytes),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { tier, clock, evicted } = scene({ ttlMs: 50 })
      const pins = new Map<string, number>()
      const things = new Map<string, Thing>()
      let stored = 0
      let removed = 0
      for (const [action, name, value] of steps) {
        if (action === 'set') {
          const thing = { bytes: value }
          if (tier.peek(name) !== undefined || isPresent(tier, things, name)) removed += 1
          things.set(name, thing)
          if (tier.set(name, thing)) stored += 1
        } else if (action === 'grow') {
          const thing = things.get(name)
          if (thing !== undefined) thing.bytes = value
          tier.resize(name)
        } else if (action === 'get') tier.get(name)
        else if (action === 'delete' && tier.delete(name)) removed += 1
        else if (action === 'pin') {
          tier.pin(name, value)
          pins.set(name, value)
        } else if (action === 'unpin') {
          tier.unpin(name)
          pins.delete(name)
        } else if (action === 'maxBytes') tier.configure({ maxBytes: value * 2 })
        else if (action === 'maxEntries') tier.configure({ maxEntries: value })
        else if (action === 'wait') void clock.advance(value)

        const { entries, bytes: sum, pinnedBytes } = tier.stats()
        const recount = tier.values().reduce((total, thing) => total + Math.max(1, thing.bytes), 0)
        const pinned = [...pins.values()].reduce((total, pin) => total + pin, 0)
        expect({ sum, pinnedBytes }).toEqual({ sum: recount, pinnedBytes: pinned })
        expect(entries).toBe(tier.values().length)
        expect(entries).toBeLessThanOrEqual(tier.limits.maxEntries)
        expect(sum).toBeLessThanOrEqual(Math.max(0, tier.limits.maxBytes - pinned))
        expect(entries).toBe(stored - removed - evicted.length)
        expect(tier.isUnderPressure).toBe(pinned > tier.limits.maxBytes)
      }
    }),
  )
})

function isPresent(tier: MemoryTier<Thing>, things: Map<string, Thing>, key: string): boolean {
  const thing = things.get(key)
  return thing !== undefined && tier.values().includes(thing)
}
