import {
  chown,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { scan } from '../../src/cache/scan.ts'
import { bytes, cacheScene, text } from '../support/cache-scene.ts'

const DAY_MS = 86_400e3
const isRoot = process.getuid?.() === 0

describe('createDiskTier()', () => {
  test('touches nothing until it is used', async () => {
    await using s = await cacheScene()

    s.make()

    expect(await readdir(s.fixture.root)).toEqual([])
  })

  test('marks the directory as a cache and keeps it private', async () => {
    await using s = await cacheScene()

    await s.tier.set('blobs/ab12', bytes('one'))

    const file = join(s.dir, 'v1/blobs/ab/ab12')
    const tag = await readFile(join(s.dir, 'CACHEDIR.TAG'), 'utf8')
    expect(tag).toMatch(/^Signature: 8a477f597d28d172789f06886806bc55\n/)
    const modes = await Promise.all([s.dir, file].map(async (path) => (await stat(path)).mode))
    expect(modes.map((mode) => (mode & 0o777).toString(8))).toEqual(['700', '600'])
    expect(await readdir(join(s.dir, 'v1/tmp'))).toEqual([])
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
    expect(await readdir(join(s.dir, 'v1/tmp'))).toEqual([])
    expect((await stat(join(s.dir, 'v1/usage'))).size).toBe(3)
    const modes = [s.dir, join(s.dir, 'v1/blobs/ab/ab12')].map(
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
    const blob = await stat(join(s.dir, 'v1/blobs/ab/ab12'))

    s.tier.setAllSync(new Map([['blobs/ab12', bytes('one')]]))
    s.tier.setAllSync(new Map([['keys/ab12', bytes('first')]]))
    s.tier.setAllSync(new Map([['keys/ab12', bytes('second')]]))

    expect((await stat(join(s.dir, 'v1/blobs/ab/ab12'))).ino).toBe(blob.ino)
    expect(text(s.tier.getSync('keys/ab12'))).toBe('second')
  })

  test('throws nothing when it cannot write, and stops at the first', async () => {
    await using s = await cacheScene()
    await s.fixture.write(relative(s.fixture.root, join(s.dir, 'v1/blobs')), 'a file')

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
    const file = join(s.dir, 'v1/blobs/ab/ab12')
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
    const file = join(s.dir, 'v1/keys/ab/ab12')
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
    const file = join(s.dir, 'v1/code/ab/ab12')
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
    const file = join(s.dir, 'v1/blobs/ab/ab12')
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

describe('DiskTierOptions.mode', () => {
  test('writes under a name of its own first, so that two writers never meet', async () => {
    await using s = await cacheScene({ uniqueName: () => 'taken' })
    await s.fixture.write('cache/v1/tmp/taken', 'of another writer')

    await s.tier.set('keys/one', bytes('1'))

    expect(s.tier.getSync('keys/one')).toBeUndefined()
    expect(s.seen).toMatchObject([['cache.readonly', { because: 'EEXIST' }]])
  })

  test('readonly answers and changes nothing, not even times or bad files', async () => {
    await using s = await cacheScene()
    await s.tier.set('keys/ab12', bytes('one'))
    await s.tier.set('keys/cd34', bytes('two'))
    await writeFile(join(s.dir, 'v1/keys/cd/cd34'), 'torn')
    await utimes(join(s.dir, 'v1/keys/ab/ab12'), 1, 1)
    const before = await scan(s.dir)
    const tier = s.make({ mode: 'readonly' })

    const found = [await tier.get('keys/ab12'), await tier.get('keys/cd34')]
    await tier.set('keys/ef56', bytes('three'))
    await tier.delete('keys/ab12')
    await tier.close()

    expect(found.map(text)).toEqual(['one', undefined])
    expect(await scan(s.dir)).toEqual(before)
  })

  test('off answers nothing and is switched live', async () => {
    await using s = await cacheScene()
    await s.tier.set('keys/ab12', bytes('one'))

    s.tier.configure({ mode: 'off' })
    const off = await s.tier.get('keys/ab12')
    s.tier.configure({ mode: 'readwrite' })

    expect(off).toBeUndefined()
    expect(text(await s.tier.get('keys/ab12'))).toBe('one')
  })
})

describe('DiskTier.prune() and clear() by mode', () => {
  test('off: neither removes anything, and prune() says that it did not run', async () => {
    await using s = await cacheScene()
    await s.tier.set('keys/ab12', bytes('one'))
    const before = await scan(s.dir)
    const tier = s.make({ mode: 'off' })

    const report = await tier.prune({ maxBytes: 0 })
    const cleared = await tier.clear()

    expect(tier.mode).toBe('off')
    expect(report).toMatchObject({ ran: false, removed: 0 })
    expect(cleared).toBe(false)
    expect(await scan(s.dir)).toEqual(before)
  })

  test('readonly: both do what they are called for', async () => {
    await using s = await cacheScene()
    await s.tier.set('keys/ab12', bytes('one'))
    const tier = s.make({ mode: 'readonly' })

    const report = await tier.prune({ maxBytes: 0 })
    await s.tier.set('keys/ab12', bytes('one'))
    const cleared = await tier.clear()

    expect(report).toMatchObject({ ran: true, removed: 1 })
    expect(cleared).toBe(true)
    expect(await scan(s.dir)).toEqual([])
  })

  test('readonly: a write that ends after the switch starts no collection', async () => {
    await using s = await cacheScene({ maxBytes: 1 })

    const writing = s.tier.set('keys/ab12', bytes('one'))
    s.tier.configure({ mode: 'readonly' })
    await writing
    await s.tier.close()

    expect(s.seen).toEqual([])
    expect(await scan(s.dir)).toHaveLength(1)
  })
})

describe('SOMON_CACHE_FOREIGN_OWNER', () => {
  test.skipIf(!isRoot).each(['readwrite', 'readonly', 'off'] as const)(
    'the directory of another user is neither pruned nor cleared: %s',
    async (mode) => {
      await using s = await cacheScene({ mode })
      await mkdir(join(s.dir, 'v1'), { recursive: true })
      await chown(s.dir, 12_345, 12_345)

      const refused = { code: 'SOMON_CACHE_FOREIGN_OWNER' }
      await expect(s.tier.prune()).rejects.toMatchObject(refused)
      await expect(s.tier.clear()).rejects.toMatchObject(refused)
      await expect(s.tier.verify()).rejects.toMatchObject(refused)
      expect(await readdir(s.dir)).toEqual(['v1'])
    },
  )

  test.skipIf(!isRoot)('a directory of another user is refused by every call', async () => {
    await using s = await cacheScene()
    await mkdir(s.dir)
    await chown(s.dir, 12_345, 12_345)

    const calls = [s.tier.get('keys/ab12'), s.tier.set('keys/ab12', bytes('x')), s.tier.prune()]

    for (const call of calls) {
      await expect(call).rejects.toMatchObject({
        code: 'SOMON_CACHE_FOREIGN_OWNER',
        data: { owner: 12_345, user: 0 },
      })
    }
    expect(await readdir(s.dir)).toEqual([])
  })

  test.skipIf(!isRoot)('a link is followed to the owner of its target', async () => {
    await using s = await cacheScene()
    const target = s.fixture.path('elsewhere')
    await mkdir(target)
    await symlink(target, s.dir)
    await s.tier.set('keys/ab12', bytes('one'))
    await chown(target, 12_345, 12_345)

    const own = text(await s.tier.get('keys/ab12'))

    expect(own).toBe('one')
    await expect(s.make().get('keys/ab12')).rejects.toMatchObject({
      code: 'SOMON_CACHE_FOREIGN_OWNER',
    })
  })
})

describe('DiskTier.verify()', () => {
  test('names the files that do not open and removes nothing', async () => {
    await using s = await cacheScene()
    await s.tier.set('keys/ab12', bytes('one'))
    await s.tier.set('blobs/cd34', bytes('two'))
    const file = join(s.dir, 'v1/blobs/cd/cd34')
    await writeFile(file, 'torn')

    const report = await s.tier.verify()

    expect(report).toMatchObject({ checked: 2, bad: [{ key: 'blobs/cd34', file }] })
    expect(await scan(s.dir)).toHaveLength(2)
  })
})

describe('DiskTier.info()', () => {
  test('counts entries and blocks by space', async () => {
    await using s = await cacheScene()
    await s.tier.set('keys/ab12', bytes('one'))
    await s.tier.set('blobs/cd34', new Uint8Array(5_000))

    const info = await s.tier.info()

    expect(info).toMatchObject({
      dir: s.dir,
      mode: 'readwrite',
      entries: 2,
      bytes: 3 * 4096,
      spaces: { keys: { entries: 1, bytes: 4096 }, blobs: { entries: 1, bytes: 8192 } },
    })
  })

  test('reads an absent cache as empty', async () => {
    await using s = await cacheScene()

    expect(await s.tier.info()).toMatchObject({ entries: 0, bytes: 0 })
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
