import { describe, expect, test } from 'vitest'
import { codeOf } from '../../src/base/error.ts'
import { createFixture } from '../support/fixture.ts'
import { ENTRY, FILES } from './support/project.ts'
import type { Rig } from './support/rig.ts'
import { createRig } from './support/rig.ts'

describe('Loader.artifact()', () => {
  test('answers from a build, then memory, then in a new process the disk', async () => {
    await using fixture = await createFixture(FILES)
    await using first = createRig(fixture.root)

    const built = await first.loader.artifact(ENTRY)
    const again = await first.loader.artifact(ENTRY)
    await first.loader.settled()
    await using second = createRig(fixture.root)
    const later = await second.loader.artifact(ENTRY)

    expect([built.source, again.source, later.source]).toEqual(['miss', 'memory', 'disk'])
    expect(again.artifact).toBe(built.artifact)
    expect(later.artifact).toEqual(built.artifact)
    expect(second.bundler.stats().builds).toBe(0)
  })

  test('serves 1,000 parallel callers with one build', async () => {
    await using fixture = await createFixture(FILES)
    await using rig = createRig(fixture.root)

    const all = await Promise.all(Array.from({ length: 1000 }, () => rig.loader.artifact(ENTRY)))

    expect(new Set(all.map(({ artifact }) => artifact)).size).toBe(1)
    expect(rig.bundler.stats().entriesBuilt).toBe(1)
    expect(rig.loader.stats().cache.misses).toEqual({ new: 1 })
  })

  test('rejects all 1,000 callers of a failing build and remembers no failure', async () => {
    await using fixture = await createFixture({ ...FILES, 'src/a.ts': 'export const = 1' })
    await using rig = createRig(fixture.root)

    const callers = Array.from({ length: 1000 }, () => rig.loader.artifact(ENTRY))
    const settled = await Promise.allSettled(callers)
    const builds = rig.bundler.stats().builds
    await fixture.write('src/a.ts', 'export const a = 2\n')
    const healed = await rig.loader.artifact(ENTRY)

    const reasons = new Set(settled.map((one) => (one.status === 'rejected' ? one.reason : one)))
    expect([...reasons]).toMatchObject([{ code: 'SOMON_BUNDLE_FAILED' }])
    expect(builds).toBe(1)
    expect(healed.artifact.code).toContain('a = 2')
  })

  test('lets one caller leave without disturbing the others', async () => {
    await using fixture = await createFixture(FILES)
    await using rig = createRig(fixture.root)
    const leaver = new AbortController()

    const gone = rig.loader.artifact(ENTRY, { signal: leaver.signal })
    const stays = rig.loader.artifact(ENTRY)
    leaver.abort(new Error('left'))

    await expect(gone).rejects.toThrow('left')
    expect((await stays).source).toBe('miss')
    expect(rig.bundler.stats().entriesBuilt).toBe(1)
  })

  test('loads 1,000 entries with at most 16 builds', async () => {
    const names = Array.from({ length: 1000 }, (_, index) => `src/e${index}.ts`)
    const sources = names.map((name, index) => [name, `export const e = ${index}\n`])
    await using fixture = await createFixture(Object.fromEntries(sources))
    await using rig = createRig(fixture.root)

    const all = await Promise.all(names.map((name) => rig.loader.artifact(name)))

    expect(new Set(all.map(({ artifact }) => artifact.id)).size).toBe(1000)
    expect(rig.bundler.stats().builds).toBeLessThanOrEqual(16)
  })

  test('looks past memory and trusts no stat when asked freshly', async () => {
    await using fixture = await createFixture(FILES)
    await using rig = createRig(fixture.root)
    const { artifact } = await rig.loader.artifact(ENTRY)
    await rig.loader.settled()

    const same = await rig.loader.artifact(ENTRY, { fresh: true })
    await fixture.write('src/a.ts', 'export const a = 5\n')
    const changed = await rig.loader.artifact(ENTRY, { fresh: true })

    expect([same.source, same.artifact]).toEqual(['disk', artifact])
    expect(changed.source).toBe('miss')
  })

  test('never joins a fresh request to a flight that began before it', async () => {
    await using fixture = await createFixture(FILES)
    await using rig = createRig(fixture.root)

    const before = rig.loader.artifact(ENTRY)
    await untilBuilding(rig)
    await fixture.write('src/a.ts', 'export const a = "edited"\n')
    const fresh = rig.loader.artifact(ENTRY, { fresh: true })

    expect((await fresh).artifact.code).toContain('edited')
    await before
  })

  test('dates the record to the beginning of its build: what came later is not trusted', async () => {
    await using fixture = await createFixture(FILES)
    await using rig = createRig(fixture.root)

    const running = rig.loader.artifact(ENTRY)
    await untilBuilding(rig)
    const duringBuild = Date.now()
    const { manifest } = await running

    expect(manifest.validatedAt).toBeLessThanOrEqual(duringBuild)
    expect(manifest.builtAt).toBeGreaterThanOrEqual(duringBuild)
  })

  test('keeps four states of an entry, so that switching back builds nothing', async () => {
    await using fixture = await createFixture(FILES)
    await using rig = createRig(fixture.root)
    const states = [1, 2, 3, 4].map((n) => `export const a = ${n}\n`)
    for (const text of states) {
      await fixture.write('src/a.ts', text)
      await rig.loader.artifact(ENTRY)
      await rig.loader.settled()
    }
    const builds = rig.bundler.stats().builds

    const sources: string[] = []
    for (const text of states.toReversed()) {
      await fixture.write('src/a.ts', text)
      const { source, artifact } = await rig.loader.artifact(ENTRY)
      expect(artifact.code).toContain(text.trim().replace('export const', 'var'))
      sources.push(source)
      await rig.loader.settled()
    }

    expect(sources).toEqual(['memory', 'disk', 'disk', 'disk'])
    expect(rig.bundler.stats().builds).toBe(builds)
  })

  test('forgets the state that was not asked for longest', async () => {
    await using fixture = await createFixture(FILES)
    await using rig = createRig(fixture.root, { settings: { maxEntries: 0 } })
    const sourceOf = async (n: number): Promise<string> => {
      await fixture.write('src/a.ts', `export const a = ${n}\n`)
      const { source } = await rig.loader.artifact(ENTRY)
      await rig.loader.settled()
      return source
    }
    for (const n of [1, 2, 3, 4]) await sourceOf(n)

    const sources = [await sourceOf(1), await sourceOf(5), await sourceOf(1), await sourceOf(2)]

    expect(sources).toEqual(['disk', 'miss', 'disk', 'miss'])
  })

  test('builds again when a variable that a plugin names has changed', async () => {
    await using fixture = await createFixture(FILES)
    const plugin = { name: 'mode', cacheKey: '1', env: ['MODE'], transform: unchanged }
    const options = { plugins: [plugin] }
    await using one = createRig(fixture.root, { ...options, env: { MODE: 'one' } })
    await one.loader.artifact(ENTRY)
    await one.loader.settled()

    await using same = createRig(fixture.root, { ...options, env: { MODE: 'one' } })
    await using other = createRig(fixture.root, { ...options, env: { MODE: 'two' } })

    expect((await same.loader.artifact(ENTRY)).source).toBe('disk')
    expect((await other.loader.artifact(ENTRY)).source).toBe('miss')
    expect(other.loader.stats().cache.misses).toEqual({ env: 1 })
  })

  test('keeps what a plugin without a cache key made in memory only', async () => {
    await using fixture = await createFixture(FILES)
    const options = { plugins: [{ name: 'unkeyed', transform: answer }] }
    await using rig = createRig(fixture.root, options)

    const built = await rig.loader.artifact(ENTRY)
    const again = await rig.loader.artifact(ENTRY)
    await rig.loader.map(built.artifact)
    await rig.loader.storeCodeCache(built.artifact, Buffer.from('code'))
    const fresh = await rig.loader.artifact(ENTRY, { fresh: true })
    await rig.loader.settled()

    expect(built.artifact.code).toContain('42')
    expect([built.source, again.source, fresh.source]).toEqual(['miss', 'memory', 'miss'])
    expect((await rig.disk.info()).entries).toBe(0)
    expect((await rig.loader.explain(ENTRY)).uncacheable).toBe('unkeyed')
  })

  test('is served from the disk when memory is switched off or too small', async () => {
    await using fixture = await createFixture(FILES)
    await using off = createRig(fixture.root, { settings: { maxEntries: 0 } })

    const built = await off.loader.artifact(ENTRY)
    const storing = await off.loader.artifact(ENTRY)
    await off.loader.settled()
    const stored = await off.loader.artifact(ENTRY)

    expect([built.source, storing.source, stored.source]).toEqual(['miss', 'memory', 'disk'])
    expect(off.loader.stats().cache.entries).toBe(0)
  })

  test('believes the record without looking while validate is "never"', async () => {
    await using fixture = await createFixture(FILES)
    await using rig = createRig(fixture.root, { settings: { validate: 'never' } })
    await rig.loader.artifact(ENTRY)
    await fixture.write('src/a.ts', 'export const a = 9\n')

    const believed = await rig.loader.artifact(ENTRY)
    rig.loader.configure({ validate: 'stat' })
    const checked = await rig.loader.artifact(ENTRY)

    expect([believed.source, checked.source]).toEqual(['memory', 'miss'])
  })

  test('drops resident artifacts at once when the bound is lowered', async () => {
    await using fixture = await createFixture({ ...FILES, 'src/b.ts': 'export {}' })
    await using rig = createRig(fixture.root)
    await Promise.all([rig.loader.artifact(ENTRY), rig.loader.artifact('src/b.ts')])

    rig.loader.configure({ maxEntries: 1 })

    expect(rig.loader.stats().cache).toMatchObject({ entries: 1, maxEntries: 1, evictions: 1 })
  })

  test('answers from the external tier and copies to the disk', async () => {
    await using fixture = await createFixture(FILES)
    await using shared = createRig(fixture.root, { cacheDir: fixture.path('shared') })
    const external = () => shared.disk
    await using writer = createRig(fixture.root, { cacheDir: fixture.path('one'), external })
    const built = await writer.loader.artifact(ENTRY)
    await writer.loader.settled()

    await using reader = createRig(fixture.root, { cacheDir: fixture.path('two'), external })
    const found = await reader.loader.artifact(ENTRY)
    await reader.loader.settled()
    await using local = createRig(fixture.root, { cacheDir: fixture.path('two') })
    const copied = await local.loader.artifact(ENTRY)

    expect([built.source, found.source, copied.source]).toEqual(['miss', 'external', 'disk'])
    expect(copied.artifact).toEqual(built.artifact)
    expect(reader.loader.stats().cache.hits).toMatchObject({ external: 1 })
  })

  test('takes nothing from the external tier that a change has made stale', async () => {
    await using fixture = await createFixture(FILES)
    await using shared = createRig(fixture.root, { cacheDir: fixture.path('shared') })
    const external = () => shared.disk
    await using writer = createRig(fixture.root, { cacheDir: fixture.path('one'), external })
    await writer.loader.artifact(ENTRY)
    await writer.loader.settled()
    await fixture.write('src/a.ts', 'export const a = 7\n')

    await using reader = createRig(fixture.root, { cacheDir: fixture.path('two'), external })
    const found = await reader.loader.artifact(ENTRY)

    expect(found.source).toBe('miss')
    expect(found.artifact.code).toContain('a = 7')
  })

  test('rejects with SOMON_LOAD_QUEUE_FULL beyond maxQueued', async () => {
    const names = Array.from({ length: 70 }, (_, index) => `src/e${index}.ts`)
    await using fixture = await createFixture(
      Object.fromEntries(names.map((name) => [name, 'export {}'])),
    )
    await using rig = createRig(fixture.root, {
      settings: { maxConcurrentBuilds: 1, maxQueued: 64 },
    })

    const settled = await Promise.allSettled(names.map((name) => rig.loader.artifact(name)))

    const refused = settled.filter(({ status }) => status === 'rejected')
    expect(refused).toHaveLength(6)
    expect(refused[0]).toMatchObject({ reason: { code: 'SOMON_LOAD_QUEUE_FULL' } })
  })

  test('tells each flight once', async () => {
    await using fixture = await createFixture({ ...FILES, 'src/bad.ts': 'export const = 1' })
    await using rig = createRig(fixture.root)
    const told: string[] = []
    rig.events.on('artifact.started', ({ entry }) => told.push(`started ${entry}`))
    rig.events.on('artifact.finished', ({ entry, source }) =>
      told.push(`finished ${entry} ${source}`),
    )
    rig.events.on('artifact.failed', ({ entry, error }) =>
      told.push(`failed ${entry} ${codeOf(error) ?? ''}`),
    )

    await Promise.all([rig.loader.artifact(ENTRY), rig.loader.artifact(ENTRY)])
    await rig.loader.artifact(ENTRY)
    await rig.loader.artifact('src/bad.ts').catch(() => {})

    expect(told).toEqual([
      'started src/main.ts',
      'finished src/main.ts miss',
      'started src/main.ts',
      'finished src/main.ts memory',
      'started src/bad.ts',
      'failed src/bad.ts SOMON_BUNDLE_FAILED',
    ])
  })
})

describe('Loader.artifact() with a signal', () => {
  test('rejects with the reason of the abort and tells of no failure', async () => {
    await using fixture = await createFixture(FILES)
    await using rig = createRig(fixture.root)
    const failed: unknown[] = []
    rig.events.on('artifact.failed', (event) => failed.push(event))
    const caller = new AbortController()
    const reason = new Error('left')

    const leaving = rig.loader.artifact(ENTRY, { signal: caller.signal })
    await untilBuilding(rig)
    caller.abort(reason)

    await expect(leaving).rejects.toBe(reason)
    await rig.loader.close()
    expect(failed).toEqual([])
  })
})

async function untilBuilding({ loader }: Rig): Promise<void> {
  while (loader.stats().building === 0) await new Promise(setImmediate)
}

function unchanged(code: string): string {
  return code
}

function answer(code: string): string {
  return code.replace('1', '42')
}
