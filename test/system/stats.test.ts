import { describe, expect, test } from 'vitest'
import { stringBytes } from '../../src/cache/string-bytes.ts'
import { createFixture } from '../support/fixture.ts'
import { delay, gatePlugin, outcomeOf, systemMaker } from './effects/effect-case.ts'

const FILES = {
  'package.json': '{"type":"module"}',
  'node_modules/.keep': '',
  'a.ts': 'export const value = 1',
  'b.ts': 'export const value = 2',
  'c.ts': 'export const value = 3',
  'broken.ts': 'export const value = (',
}

const ON_DISK = { cache: { disk: { mode: 'readwrite' } } } as const

const NOTHING = {
  modules: { live: 0, retired: 0, leaked: 0 },
  loads: { live: 0, memory: 0, disk: 0, miss: 0, failed: 0, queued: 0, building: 0 },
  cache: {
    entries: 0,
    bytes: 0,
    parts: { code: 0, maps: 0, codeCache: 0, manifests: 0, pinned: 0, estimated: 0 },
    evictions: 0,
    maxEntries: 1000,
    maxBytes: 100 * 2 ** 20,
    hits: { memory: 0, disk: 0 },
    misses: {},
  },
  bundler: {
    ...{ builds: 0, entriesBuilt: 0, inFlight: 0, contexts: 0, recycles: 0 },
    servicePid: undefined,
  },
  plugins: [],
  retired: [],
  guards: {
    overall: { total: 0, closed: 0, open: 0, halfOpen: 0, isolated: 0, disabled: 0 },
    unowned: 0,
    breakers: {},
  },
}

describe('ModuleSystem.stats()', () => {
  test('is zero before anything has happened, also with plugins', async () => {
    await using fixture = await createFixture(FILES)
    const make = systemMaker(fixture, 'root', fixture.root)
    await using plain = make()
    await using plugged = make({ plugins: [gatePlugin().plugin] })

    expect(plain.stats()).toEqual(NOTHING)
    expect(plugged.stats()).toEqual(NOTHING)
  })

  test('counts each load under what answered it', async () => {
    await using fixture = await createFixture(FILES)
    const make = systemMaker(fixture, 'root', fixture.root)
    await using first = make(ON_DISK)

    await first.load('./a.ts')
    for (let count = 0; count < 3; count += 1) await first.load('./a.ts')
    await first.compile('./b.ts')
    await first.load('./b.ts')
    await outcomeOf(first.load('./broken.ts'))
    const { loads, modules, cache } = first.stats()
    await first.shutdown()
    await using second = make(ON_DISK)
    await second.load('./a.ts')
    second.loadSync('./b.ts')
    second.loadSync('./b.ts')

    expect(loads).toEqual({ ...NOTHING.loads, live: 3, memory: 1, miss: 1, failed: 1 })
    expect(modules).toEqual({ live: 2, retired: 0, leaked: 0 })
    expect(cache.hits).toEqual({ memory: 1, disk: 0 })
    expect(cache.misses).toEqual({ new: 2 })
    expect(second.stats().loads).toEqual({ ...NOTHING.loads, live: 1, disk: 2 })
    expect(second.stats().cache.hits).toEqual({ memory: 0, disk: 2 })
    expect(second.stats().bundler).toEqual(NOTHING.bundler)
  })

  test('counts what memory holds by part, and moves the code of live modules to pinned', async () => {
    await using fixture = await createFixture(FILES)
    await using system = systemMaker(fixture, 'loading.sourceMaps', 'eager')()

    const { code } = await system.compile('./a.ts')
    const compiled = system.stats().cache
    const module = await system.load('./a.ts')
    const loaded = system.stats().cache
    await module.dispose()
    const disposed = system.stats().cache

    const bytes = stringBytes(code)
    const estimated = Math.ceil(bytes * 0.6)
    expect(compiled.entries).toBe(1)
    expect(compiled.parts).toMatchObject({ code: bytes, codeCache: 0, pinned: 0, estimated: 0 })
    expect(compiled.parts.maps).toBeGreaterThan(0)
    expect(compiled.bytes).toBe(bytes + compiled.parts.maps + compiled.parts.manifests)
    expect(loaded.parts).toEqual({
      ...compiled.parts,
      ...{ code: 0, pinned: bytes + estimated, estimated },
    })
    expect(loaded.bytes).toBe(compiled.bytes + estimated)
    expect(disposed.parts).toEqual(compiled.parts)
  })

  test('counts evictions, and misses by what had changed', async () => {
    await using fixture = await createFixture(FILES)
    await using system = systemMaker(fixture, 'cache.maxEntries', 2)()

    for (const name of ['a', 'b', 'c']) await system.compile(`./${name}.ts`)
    await fixture.write('c.ts', 'export const value = 33')
    await system.compile('./c.ts')

    const { cache } = system.stats()
    expect(cache).toMatchObject({ entries: 2, evictions: 1, maxEntries: 2 })
    expect(cache.misses).toEqual({ new: 3, file: 1 })
  })

  test('counts builds, their entries, those under way and kept contexts', async () => {
    await using fixture = await createFixture(FILES)
    const { plugin, open } = gatePlugin()
    await using system = systemMaker(fixture, 'plugins', [plugin])()

    const both = Promise.all([system.load('./a.ts'), system.load('./b.ts')])
    while (system.stats().bundler.inFlight === 0) await delay(2)
    const during = system.stats()
    open()
    const [module] = await both
    const after = system.stats().bundler
    for (const value of [11, 12]) {
      await fixture.write('a.ts', `export const value = ${value}`)
      await module.reload()
    }

    expect(during.bundler).toMatchObject({ builds: 1, entriesBuilt: 0, inFlight: 1 })
    expect(during.loads).toMatchObject({ building: 1, queued: 0 })
    expect(after).toEqual({
      ...{ builds: 1, entriesBuilt: 2, inFlight: 0, contexts: 0, recycles: 0 },
      servicePid: expect.any(Number),
    })
    expect(system.stats().bundler).toMatchObject({ builds: 3, entriesBuilt: 4, contexts: 1 })
  })

  test('counts the calls and errors of each plugin', async () => {
    await using fixture = await createFixture(FILES)
    const plugin = {
      name: 'counted',
      cacheKey: '1',
      transform(code: string) {
        if (code.includes('value = 2')) throw new Error('no two')
        return null
      },
    }
    await using system = systemMaker(fixture, 'plugins', [plugin])()

    await system.compile('./a.ts')
    await outcomeOf(system.compile('./b.ts'))

    expect(system.stats().plugins).toEqual([
      { name: 'counted', shape: 'fused', calls: 2, errors: 1, totalMs: expect.any(Number) },
    ])
    expect(system.stats().plugins[0]?.totalMs).toBeGreaterThan(0)
  })

  test('lists the retired generations that are still in memory', async () => {
    await using fixture = await createFixture({ 'a.ts': 'export const keep = () => 1' })
    await using system = systemMaker(fixture, 'root', fixture.root)()
    const module = await system.load<{ keep: () => number }>('./a.ts')
    const { keep } = module.exports
    await fixture.write('a.ts', 'export const keep = () => 2')

    const report = await module.reload()
    if ('retired' in report) await report.retired

    expect(system.stats().modules).toEqual({ live: 1, retired: 1, leaked: 0 })
    expect(system.stats().retired).toEqual([
      { module: 'a.ts', number: 1, retiredAt: expect.any(Number), leaked: false },
    ])
    expect(keep()).toBe(1)
  })
})
