import { readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { bytes, cacheScene, text } from '../support/cache-scene.ts'

const DAY_MS = 86_400e3

describe('createDiskTier()', () => {
  test('touches nothing until it is used', async () => {
    await using s = await cacheScene()

    s.make()

    expect(await readdir(s.fixture.root)).toEqual([])
  })

  test('marks the directory as a cache and keeps it private', async () => {
    await using s = await cacheScene()

    await s.tier.set('blobs/ab12', bytes('one'))

    const file = join(s.dir, 'v2/blobs/ab/ab12')
    const tag = await readFile(join(s.dir, 'CACHEDIR.TAG'), 'utf8')
    expect(tag).toMatch(/^Signature: 8a477f597d28d172789f06886806bc55\n/)
    const modes = await Promise.all([s.dir, file].map(async (path) => (await stat(path)).mode))
    expect(modes.map((mode) => (mode & 0o777).toString(8))).toEqual(['700', '600'])
    expect(await readdir(join(s.dir, 'v2/tmp'))).toEqual([])
  })
})

describe('DiskTier.setAllSync()', () => {
  test('stores what get() returns, and counts what it takes', async () => {
    await using s = await cacheScene()

    s.tier.setAllSync(
      new Map([
        ['blobs/ab12', bytes('one')],
        ['blobs/cd34', bytes('two')],
        ['keys/ef56', bytes('three')],
      ]),
    )

    const other = s.make()
    expect(text(await other.get('blobs/ab12'))).toBe('one')
    expect(text(await other.get('keys/ef56'))).toBe('three')
    expect([other.hasSync('blobs/cd34'), other.hasSync('blobs/0000')]).toEqual([true, false])
    expect(await readdir(join(s.dir, 'v2/tmp'))).toEqual([])
    expect((await stat(join(s.dir, 'v2/usage'))).size).toBe(3)
    const modes = [s.dir, join(s.dir, 'v2/blobs/ab/ab12')].map(
      async (path) => (await stat(path)).mode,
    )
    expect((await Promise.all(modes)).map((mode) => (mode & 0o777).toString(8))).toEqual([
      '700',
      '600',
    ])
  })

  test('writes a blob once and keys again', async () => {
    await using s = await cacheScene()
    s.tier.setAllSync(new Map([['blobs/ab12', bytes('one')]]))
    const blob = await stat(join(s.dir, 'v2/blobs/ab/ab12'))

    s.tier.setAllSync(new Map([['blobs/ab12', bytes('one')]]))
    s.tier.setAllSync(new Map([['keys/ab12', bytes('first')]]))
    s.tier.setAllSync(new Map([['keys/ab12', bytes('second')]]))

    expect((await stat(join(s.dir, 'v2/blobs/ab/ab12'))).ino).toBe(blob.ino)
    expect(text(s.tier.getSync('keys/ab12'))).toBe('second')
  })

  test('throws nothing when it cannot write, and stops at the first', async () => {
    await using s = await cacheScene()
    await s.fixture.write(relative(s.fixture.root, join(s.dir, 'v2/blobs')), 'a file')

    s.tier.setAllSync(
      new Map([
        ['blobs/ab12', bytes('one')],
        ['keys/ab12', bytes('names it')],
      ]),
    )

    expect(s.tier.stats()).toMatchObject({ writeErrors: 1, entries: 0 })
    expect(s.make().getSync('keys/ab12')).toBeUndefined()
  })
})

describe('DiskTier.get()', () => {
  test('returns what another tier of the same folder has set', async () => {
    await using s = await cacheScene()
    await s.tier.set('maps/0a1b', bytes('{"version":3}'))

    const other = s.make()

    expect(text(await other.get('maps/0a1b'))).toBe('{"version":3}')
    expect(text(other.getSync('maps/0a1b'))).toBe('{"version":3}')
    expect(other.stats()).toMatchObject({ hits: 2, misses: 0 })
  })

  test('misses what is not there', async () => {
    await using s = await cacheScene()
    const misses: unknown[] = []
    s.hub.on('cache.miss', (event) => misses.push(event))

    const found = [await s.tier.get('blobs/ab12'), s.tier.getSync('blobs/ab12')]

    expect(found).toEqual([undefined, undefined])
    expect(misses).toHaveLength(2)
    expect(s.tier.stats().misses).toBe(2)
  })

  test('reports a changed file, removes it and lets it be written again', async () => {
    await using s = await cacheScene()
    await s.tier.set('blobs/ab12', bytes('right'))
    const file = join(s.dir, 'v2/blobs/ab/ab12')
    const stored = await readFile(file)
    stored[stored.length - 1] = 0
    await writeFile(file, stored)

    const found = s.tier.getSync('blobs/ab12')
    await s.tier.close()

    expect(found).toBeUndefined()
    expect(s.seen).toEqual([['cache.corrupt', { tier: 'disk', key: 'blobs/ab12', file }]])
    await s.tier.set('blobs/ab12', bytes('right'))
    expect(text(await s.tier.get('blobs/ab12'))).toBe('right')
  })

  test('misses what was sealed with another secret', async () => {
    await using s = await cacheScene()
    await s.make({ secret: new Secret('x'.repeat(32)) }).set('keys/ab12', bytes('one'))

    const found = await s.make({ secret: new Secret('y'.repeat(32)) }).get('keys/ab12')

    expect(found).toBeUndefined()
  })

  test('marks a key as used once a day', async () => {
    await using s = await cacheScene()
    const file = join(s.dir, 'v2/keys/ab/ab12')
    await s.tier.set('keys/ab12', bytes('one'))
    await utimes(file, s.clock.now() / 1000, (s.clock.now() - DAY_MS - 5_000) / 1000)

    s.tier.getSync('keys/ab12')
    await s.tier.close()
    const first = (await stat(file)).mtimeMs
    await s.clock.advance(DAY_MS / 2)
    s.tier.getSync('keys/ab12')
    await s.tier.close()

    expect(s.clock.now() - first).toBeCloseTo(DAY_MS / 2, -2)
    expect((await stat(file)).mtimeMs).toBe(first)
  })

  test('puts the time of a file from the future right', async () => {
    await using s = await cacheScene()
    const file = join(s.dir, 'v2/code/ab/ab12')
    await s.tier.set('code/ab12', bytes('one'))
    await utimes(file, s.clock.now() / 1000, (s.clock.now() + 400 * DAY_MS) / 1000)

    const found = s.tier.getSync('code/ab12')
    await s.tier.close()

    expect(text(found)).toBe('one')
    expect((await stat(file)).mtimeMs).toBeCloseTo(s.clock.now(), -2)
  })
})

describe('DiskTier.set()', () => {
  test('replaces a key', async () => {
    await using s = await cacheScene()
    await s.tier.set('keys/ab12', bytes('one'))

    await s.tier.set('keys/ab12', bytes('two'))

    expect(text(await s.tier.get('keys/ab12'))).toBe('two')
  })

  test('leaves a blob that is there as it is and marks it as new', async () => {
    await using s = await cacheScene()
    await s.tier.set('blobs/ab12', bytes('one'))
    const file = join(s.dir, 'v2/blobs/ab/ab12')
    const before = await stat(file)
    await utimes(file, 1, 1)

    await s.tier.set('blobs/ab12', bytes('one'))

    const after = await stat(file)
    expect(after.ino).toBe(before.ino)
    expect(after.mtimeMs).toBeCloseTo(s.clock.now(), -2)
  })

  test('makes the tree anew after it was removed', async () => {
    await using s = await cacheScene()
    await s.tier.set('blobs/ab12', bytes('one'))
    await rm(s.dir, { recursive: true })

    await s.tier.set('blobs/cd34', bytes('two'))

    expect(text(await s.tier.get('blobs/cd34'))).toBe('two')
    expect(s.seen).toEqual([])
  })

  test.for(['keys', 'keys/', 'keys/a', 'other/ab12', 'keys/../../x', 'keys/AB12', 'blobs/..', ''])(
    'refuses the key "%s"',
    async (key) => {
      await using s = await cacheScene()

      await expect(s.tier.set(key, bytes('x'))).rejects.toThrow(TypeError)
      await expect(s.tier.get(key)).rejects.toThrow(TypeError)
      expect(() => s.tier.getSync(key)).toThrow(TypeError)
    },
  )

  test('rejects with the reason of an aborted signal', async () => {
    await using s = await cacheScene()
    const reason = new Error('enough')

    const set = s.tier.set('keys/ab12', bytes('x'), AbortSignal.abort(reason))

    await expect(set).rejects.toBe(reason)
  })
})

describe('DiskTier.clear()', () => {
  test('removes everything and leaves the tier usable', async () => {
    await using s = await cacheScene()
    await s.tier.set('keys/ab12', bytes('one'))

    await s.tier.clear()

    expect(await s.tier.get('keys/ab12')).toBeUndefined()
    await s.tier.set('keys/ab12', bytes('two'))
    expect(text(await s.tier.get('keys/ab12'))).toBe('two')
  })
})
