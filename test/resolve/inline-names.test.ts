import { mkdir, symlink } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { createFixture } from '../support/fixture.ts'
import { resolverFor } from '../support/build-options.ts'
import { json } from './support/shop.ts'

describe('inlineNames()', () => {
  test('names own, workspace and inlined packages, without externals', async () => {
    await using fixture = await createFixture({
      'package.json': json({ name: 'mono' }),
      'packages/a/package.json': json({ name: '@mono/a' }),
      'packages/b/package.json': json({ name: 'b' }),
      'packages/c/package.json': json({ name: 'c' }),
      'node_modules/dep/index.js': '',
      'node_modules/@ui/button/index.js': '',
      'node_modules/@ui/table/index.js': '',
      'node_modules/.bin/tool': '',
    })
    await mkdir(fixture.path('node_modules/@mono'))
    await symlink('../../packages/a', fixture.path('node_modules/@mono/a'), 'junction')
    await symlink('../packages/b', fixture.path('node_modules/b'), 'junction')
    await mkdir(fixture.path('packages/a/node_modules'))
    await symlink('../../c', fixture.path('packages/a/node_modules/c'), 'junction')
    const resolver = resolverFor(fixture, { inline: ['@ui/*', 'wanted/x'], externals: ['b'] })

    expect(resolver.inlineNames()).toEqual([
      '@mono/a',
      '@ui/button',
      '@ui/table',
      'c',
      'mono',
      'wanted',
    ])
  })

  test('sees a package that was linked only after clear()', async () => {
    await using fixture = await createFixture({ 'packages/a/index.ts': '' })
    const resolver = resolverFor(fixture)
    expect(resolver.inlineNames()).toEqual([])
    await mkdir(fixture.path('node_modules'))
    await symlink('../packages/a', fixture.path('node_modules/a'), 'junction')

    expect(resolver.inlineNames()).toEqual([])
    resolver.clear()

    expect(resolver.inlineNames()).toEqual(['a'])
  })
})
