import { chown, lchown, mkdir, symlink } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { checkOwner } from '../../src/cache/owner.ts'
import { createFixture } from '../support/fixture.ts'

const isRoot = process.getuid?.() === 0

describe('checkOwner()', () => {
  test('accepts a directory of this user and says whether it is there', async () => {
    await using fixture = await createFixture({ 'dir/file': '' })

    expect(checkOwner(fixture.path('dir'))).toBe(true)
    expect(checkOwner(fixture.path('none'))).toBe(false)
  })

  test.skipIf(!isRoot)('accepts a directory of root, which is trusted anyway', async () => {
    await using fixture = await createFixture({ 'dir/file': '' })

    expect(checkOwner(fixture.path('dir'), 1000)).toBe(true)
  })

  test.skipIf(!isRoot)('refuses a directory of another user, and a link made by one', async () => {
    await using fixture = await createFixture({ 'own/file': '' })
    const [foreign, link] = [fixture.path('foreign'), fixture.path('link')]
    await mkdir(foreign)
    await chown(foreign, 1000, 1000)
    await symlink(fixture.path('own'), link)
    await lchown(link, 1000, 1000)

    const refused = { code: 'SOMON_CACHE_FOREIGN_OWNER' }
    expect(() => checkOwner(foreign, 1001)).toThrow(expect.objectContaining(refused))
    expect(() => checkOwner(link, 1001)).toThrow(expect.objectContaining(refused))
    expect(checkOwner(foreign, 1000)).toBe(true)
  })
})
