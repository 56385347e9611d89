import { chown, mkdir, readdir, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { scan } from '../../src/cache/scan.ts'
import { bytes, cacheScene, text } from '../support/cache-scene.ts'

const isRoot = process.getuid?.() === 0

describe('DiskTierOptions.mode', () => {
  test('writes under a name of its own first, so that two writers never meet', async () => {
    await using s = await cacheScene({ uniqueName: () => 'taken' })
    await s.fixture.write('cache/v2/tmp/taken', 'of another writer')

    await s.tier.set('keys/one', bytes('1'))

    expect(s.tier.getSync('keys/one')).toBeUndefined()
    expect(s.seen).toMatchObject([['cache.readonly', { because: 'EEXIST' }]])
  })

  test('readonly answers and changes nothing, not even times or bad files', async () => {
    await using s = await cacheScene()
    await s.tier.set('keys/ab12', bytes('one'))
    await s.tier.set('keys/cd34', bytes('two'))
    await writeFile(join(s.dir, 'v2/keys/cd/cd34'), 'torn')
    await utimes(join(s.dir, 'v2/keys/ab/ab12'), 1, 1)
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
      await mkdir(join(s.dir, 'v2'), { recursive: true })
      await chown(s.dir, 12_345, 12_345)

      const refused = { code: 'SOMON_CACHE_FOREIGN_OWNER' }
      await expect(s.tier.prune()).rejects.toMatchObject(refused)
      await expect(s.tier.clear()).rejects.toMatchObject(refused)
      await expect(s.tier.verify()).rejects.toMatchObject(refused)
      expect(await readdir(s.dir)).toEqual(['v2'])
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
