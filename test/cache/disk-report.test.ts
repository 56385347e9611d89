import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { scan } from '../../src/cache/scan.ts'
import { bytes, cacheScene } from '../support/cache-scene.ts'

describe('DiskTier.verify()', () => {
  test('names the files that do not open and removes nothing', async () => {
    await using s = await cacheScene()
    await s.tier.set('keys/ab12', bytes('one'))
    await s.tier.set('blobs/cd34', bytes('two'))
    const file = join(s.dir, 'v2/blobs/cd/cd34')
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
