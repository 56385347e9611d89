import { readFileSync } from 'node:fs'
import { symlink, utimes } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { digest } from '../../src/base/digest.ts'
import { createSyncFs } from '../../src/load/sync-fs.ts'
import { createFixture } from '../support/fixture.ts'

const noEnv = (): undefined => undefined

describe('createSyncFs()', () => {
  test('tells size and times of a file, through links', async () => {
    await using fixture = await createFixture({ 'a.ts': 'abc' })
    await utimes(fixture.path('a.ts'), 1000, 1000)
    await symlink('a.ts', fixture.path('link.ts'))
    const fs = createSyncFs(fixture.root, noEnv)

    expect(fs.stat('a.ts')).toMatchObject({ size: 3, mtimeMs: 1_000_000 })
    expect(fs.stat('link.ts')).toMatchObject({ size: 3, mtimeMs: 1_000_000 })
  })

  test('hashes the bytes with the stat of what was read', async () => {
    await using fixture = await createFixture({ 'a.ts': 'abc' })
    const fs = createSyncFs(fixture.root, noEnv)

    expect(fs.hash('a.ts')).toMatchObject({ sha256: digest('abc'), stat: { size: 3 } })
  })

  test('hashes files of all sizes one after another', async () => {
    const sizes = [5, 0, 1, 2 ** 18 - 1, 2 ** 18, 2 ** 18 + 1, 2 ** 20, 2 ** 20 + 1, 7, 2 ** 19, 3]
    const texts = sizes.map((size, index) => String(index).repeat(size).slice(0, size))
    await using fixture = await createFixture(
      Object.fromEntries(texts.map((text, index) => [`f${index}`, text])),
    )
    const fs = createSyncFs(fixture.root, noEnv)

    const read = texts.map((_, index) => fs.hash(`f${index}`)?.sha256)

    expect(read).toEqual(texts.map((text) => digest(text)))
  })

  test.skipIf(process.platform !== 'linux')('hashes files that do not tell their size', () => {
    const fs = createSyncFs('/proc', noEnv)

    expect(fs.hash('version')?.sha256).toBe(digest(readFileSync('/proc/version')))
  })

  test('reads where a link points and nothing from a file', async () => {
    await using fixture = await createFixture({ 'a.ts': '' })
    await symlink('../elsewhere', fixture.path('link'))
    const fs = createSyncFs(fixture.root, noEnv)

    expect(fs.link('link')).toBe('../elsewhere')
    expect(fs.link('a.ts')).toBeUndefined()
  })

  test('takes what cannot be looked at for absent', async () => {
    await using fixture = await createFixture({ 'a.ts': '', 'dir/b.ts': '' })
    await symlink('nowhere', fixture.path('dangling'))
    await symlink('ring', fixture.path('ring'))
    const fs = createSyncFs(fixture.root, noEnv)

    const paths = ['missing.ts', 'a.ts/below.ts', 'dangling', 'ring', 'nul\0byte']
    expect(paths.map((path) => fs.stat(path))).toEqual(paths.map(() => undefined))
    expect(fs.hash('dir')).toBeUndefined()
    expect(fs.names('a.ts', '')).toBeUndefined()
  })

  test('notices names that can decide a resolution and no others', async () => {
    await using fixture = await createFixture({ 'src/a.ts': '' })
    const fs = createSyncFs(fixture.root, noEnv)
    const before = fs.names('src', '')

    await fixture.write('src/notes.log', '')
    const afterLog = fs.names('src', '')
    await fixture.write('src/a.tsx', '')

    expect(before).toMatch(/^[0-9a-f]{64}$/)
    expect(afterLog).toBe(before)
    expect(fs.names('src', '')).not.toBe(before)
  })

  test('reaches files beside the root', async () => {
    await using fixture = await createFixture({ 'shared/a.ts': 'x', 'app/b.ts': '' })
    const fs = createSyncFs(fixture.path('app'), noEnv)

    expect(fs.hash('../shared/a.ts')?.sha256).toBe(digest('x'))
  })
})

describe('SyncFs.names()', () => {
  test('takes all names where the record did', async () => {
    await using fixture = await createFixture({ 'content/a.md': '' })
    const fs = createSyncFs(fixture.root, noEnv)
    const before = fs.names('content', 'all:')

    await fixture.write('content/b.md', '')

    expect(before).toMatch(/^all:[0-9a-f]{64}$/)
    expect(fs.names('content', before ?? '')).not.toBe(before)
    expect(fs.names('content', '')).toBe(
      createSyncFs(fixture.path('content'), noEnv).names('.', ''),
    )
  })
})
