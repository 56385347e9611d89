import { describe, expect, test } from 'vitest'
import { createReadThrough, type ReadThrough } from '../../src/cache/read-through.ts'
import type { DiskTier } from '../../src/cache/disk.ts'
import { bytes, cacheScene, text, type CacheScene } from '../support/cache-scene.ts'

interface Chain {
  readonly near: DiskTier
  readonly far: DiskTier
  readonly chain: ReadThrough
}

/** A project's own cache before a folder that several projects share. */
function chainOf(scene: CacheScene): Chain {
  const near = scene.make({ dir: scene.fixture.path('near') })
  const far = scene.make({ dir: scene.fixture.path('far'), name: 'external' })
  const chain = createReadThrough([
    { tier: near, holds: () => true },
    { tier: far, holds: (key) => !key.startsWith('code/') },
  ])
  return { near, far, chain }
}

describe('ReadThrough.get()', () => {
  test('answers from the nearest tier and names it', async () => {
    await using scene = await cacheScene()
    const { near, far, chain } = chainOf(scene)
    await near.set('keys/aa11', bytes('near'))
    await far.set('keys/aa11', bytes('far'))

    const found = await chain.get('keys/aa11')

    expect([text(found?.bytes), found?.tier]).toEqual(['near', 'disk'])
    expect(far.stats().hits).toBe(0)
  })

  test('copies an answer to the tiers before it', async () => {
    await using scene = await cacheScene()
    const { near, far, chain } = chainOf(scene)
    await far.set('blobs/aa11', bytes('far'))

    const found = [await chain.get('blobs/aa11'), chain.getSync('blobs/aa11')]
    await chain.close()

    expect(found.map((each) => each?.tier)).toEqual(['external', expect.any(String)])
    expect(text(near.getSync('blobs/aa11'))).toBe('far')
  })

  test('misses what no tier has', async () => {
    await using scene = await cacheScene()
    const { chain } = chainOf(scene)

    expect([await chain.get('keys/aa11'), chain.getSync('keys/aa11')]).toEqual([
      undefined,
      undefined,
    ])
    expect(chain.stats()).toMatchObject({ disk: { misses: 2 }, external: { misses: 2 } })
  })
})

describe('ReadThrough.set()', () => {
  test('writes to every tier that holds the key, delete() removes from them', async () => {
    await using scene = await cacheScene()
    const { near, far, chain } = chainOf(scene)

    await chain.set('maps/aa11', bytes('map'))
    await chain.set('code/aa11', bytes('local'))

    expect([text(near.getSync('maps/aa11')), text(far.getSync('maps/aa11'))]).toEqual([
      'map',
      'map',
    ])
    expect([text(near.getSync('code/aa11')), far.getSync('code/aa11')]).toEqual([
      'local',
      undefined,
    ])
    await chain.delete('maps/aa11')
    expect(await chain.get('maps/aa11')).toBeUndefined()
  })
})

describe('ReadThrough.close()', () => {
  test('waits for the copies under way', async () => {
    await using scene = await cacheScene()
    const { near, far, chain } = chainOf(scene)
    const keys = Array.from({ length: 20 }, (_, at) => `blobs/aa${at}x`)
    for (const key of keys) await far.set(key, bytes(key))
    await Promise.all(keys.map((key) => chain.get(key)))

    await chain.close()

    expect(keys.map((key) => text(near.getSync(key)))).toEqual(keys)
  })
})
