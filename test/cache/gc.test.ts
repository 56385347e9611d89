import { mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { scan } from '../../src/cache/scan.ts'
import type { DiskTier } from '../../src/cache/disk.ts'
import { bytes, cacheScene, text } from '../support/cache-scene.ts'

const HOUR_MS = 3_600e3
const DAY_MS = 24 * HOUR_MS
const BLOCK = 4096

/** Sets an artifact of three blocks: a key that names a blob of two. */
async function putArtifact(tier: DiskTier, name: string): Promise<void> {
  await tier.set(`blobs/${name}`, new Uint8Array(BLOCK + 1).fill(name.charCodeAt(0)))
  await tier.set(`keys/${name}`, bytes(`blobs/${name}`))
}

async function age(dir: string, key: string, seconds: number): Promise<void> {
  const [space = '', name = ''] = key.split('/')
  const at = Date.now() / 1000 - seconds
  await utimes(join(dir, 'v2', space, name.slice(0, 2), name), at, at)
}

describe('a write beyond maxBytes', () => {
  test('collects in the background: oldest keys with their blobs', async () => {
    await using s = await cacheScene({ maxBytes: 7 * BLOCK })
    await putArtifact(s.tier, 'aa')
    await putArtifact(s.tier, 'bb')
    await age(s.dir, 'keys/aa', 60)

    await putArtifact(s.tier, 'cc')
    await s.tier.close()

    const kept = (await scan(s.dir)).map((file) => file.key).toSorted()
    expect(kept).toEqual(['blobs/bb', 'blobs/cc', 'keys/bb', 'keys/cc'])
    expect(s.seen.map(([name, event]) => [name, (event as { key: string }).key])).toEqual([
      ['cache.evicted', 'keys/aa'],
      ['cache.evicted', 'blobs/aa'],
    ])
    expect(s.tier.stats()).toMatchObject({ writeErrors: 0, evictions: 2 })
  })

  test('leaves the folder at most one artifact above the bound', async () => {
    const maxBytes = 40 * BLOCK
    await using s = await cacheScene({ maxBytes })
    let most = 0
    for (let round = 0; round < 60; round += 1) {
      await putArtifact(s.tier, `${String(round).padStart(2, '0')}x`)
      await s.tier.close() // Waits for the collection.
      const { bytes: total } = await s.tier.info()
      most = Math.max(most, total)
    }

    expect(most).toBeLessThanOrEqual(maxBytes + 3 * BLOCK)
    expect((await s.tier.info()).bytes).toBeLessThanOrEqual(maxBytes)
    expect((await s.tier.verify()).bad).toEqual([])
  })

  test('counts what other tiers of the folder have written', async () => {
    await using s = await cacheScene({ maxBytes: 7 * BLOCK })
    const other = s.make()
    await putArtifact(other, 'aa')
    await putArtifact(other, 'bb')
    await age(s.dir, 'keys/aa', 60)

    await putArtifact(s.tier, 'cc')
    await s.tier.close()

    expect(await s.tier.get('keys/aa')).toBeUndefined()
    expect(text(await s.tier.get('keys/bb'))).toBe('blobs/bb')
  })

  test('is not started by a smaller cache', async () => {
    await using s = await cacheScene({ maxBytes: 7 * BLOCK })

    await putArtifact(s.tier, 'aa')
    await putArtifact(s.tier, 'bb')
    await s.tier.close()

    expect(s.seen).toEqual([])
    expect((await s.tier.info()).entries).toBe(4)
  })
})

describe('DiskTier.configure()', () => {
  test('enforces a smaller bound at once', async () => {
    await using s = await cacheScene()
    await putArtifact(s.tier, 'aa')
    await putArtifact(s.tier, 'bb')
    await age(s.dir, 'keys/aa', 60)

    s.tier.configure({ maxBytes: 3 * BLOCK })
    await s.tier.close()

    expect((await s.tier.info()).bytes).toBe(3 * BLOCK)
  })
})

describe('DiskTier.prune()', () => {
  test('removes what is too old and what is forgotten', async () => {
    await using s = await cacheScene()
    await putArtifact(s.tier, 'aa')
    await putArtifact(s.tier, 'bb')
    await s.tier.set('blobs/orphan', bytes('x'))
    await age(s.dir, 'keys/aa', 2 * 86_400)
    await age(s.dir, 'blobs/orphan', 2 * 3_600)
    await writeFile(join(s.dir, 'v2/tmp/left'), 'x')
    await utimes(join(s.dir, 'v2/tmp/left'), 1, 1)

    const report = await s.tier.prune({ maxAgeMs: DAY_MS })

    const kept = (await scan(s.dir)).map((file) => file.key).toSorted()
    expect(kept).toEqual(['blobs/bb', 'keys/bb'])
    expect(report).toEqual({
      ran: true,
      removed: 4,
      removedBytes: 5 * BLOCK,
      remaining: 2,
      remainingBytes: 3 * BLOCK,
    })
  })

  test('with dryRun says the same and removes nothing', async () => {
    await using s = await cacheScene()
    await putArtifact(s.tier, 'aa')
    await putArtifact(s.tier, 'bb')
    const before = await scan(s.dir)

    const planned = await s.tier.prune({ maxBytes: 3 * BLOCK, dryRun: true })

    expect(await scan(s.dir)).toEqual(before)
    expect(s.seen).toEqual([])
    expect(await s.tier.prune({ maxBytes: 3 * BLOCK })).toEqual(planned)
  })

  test('takes a torn key for one that names nothing', async () => {
    await using s = await cacheScene()
    await putArtifact(s.tier, 'aa')
    await writeFile(join(s.dir, 'v2/keys/aa/aa'), 'torn')
    await age(s.dir, 'blobs/aa', 2 * 3_600)

    await s.tier.prune()

    expect(await s.tier.get('blobs/aa')).toBeUndefined()
  })

  test('of an absent cache has nothing to do', async () => {
    await using s = await cacheScene()

    expect(await s.tier.prune()).toMatchObject({ ran: true, removed: 0, remaining: 0 })
    expect(await readdir(s.fixture.root)).toEqual([])
  })

  test('leaves a running collection alone and takes over one that died', async () => {
    await using s = await cacheScene()
    await putArtifact(s.tier, 'aa')
    const lock = join(s.dir, 'v2/gc.lock')
    await writeFile(lock, '1')

    const busy = await s.tier.prune({ maxBytes: 0 })
    await s.clock.advance(600_000 + 5_000)
    const after = await s.tier.prune({ maxBytes: 0 })

    expect([busy.ran, after.ran, after.remaining]).toEqual([false, true, 0])
    await expect(stat(lock)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('survives a clock that was set back', async () => {
    await using s = await cacheScene()
    await putArtifact(s.tier, 'aa')
    await age(s.dir, 'keys/aa', -400 * 86_400)

    const found = await s.tier.get('keys/aa')
    await s.tier.close()
    const report = await s.tier.prune({ maxAgeMs: HOUR_MS })

    expect(text(found)).toBe('blobs/aa')
    expect(report).toMatchObject({ removed: 0, remaining: 2 })
  })
})

describe('scan()', () => {
  test('leaves out what is no file of the layout', async () => {
    await using s = await cacheScene()
    await s.tier.set('keys/ab12', bytes('x'))
    await mkdir(join(s.dir, 'v2/other/ab'), { recursive: true })
    await writeFile(join(s.dir, 'v2/other/ab/abc'), 'x')

    expect((await scan(s.dir)).map((file) => file.key)).toEqual(['keys/ab12'])
  })
})
