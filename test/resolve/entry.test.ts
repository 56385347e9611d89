import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { entryOf } from '../../src/resolve/entry.ts'
import type { ResolveOptions } from '../../src/resolve/resolution.ts'
import { createFixture, type Fixture } from '../support/fixture.ts'
import { resolverFor } from '../support/build-options.ts'

function app(): Promise<Fixture> {
  return createFixture({
    'src/main.ts': '',
    'src/orders/index.mts': '',
    'src/billing/package.json': JSON.stringify({ main: './start.ts' }),
    'src/billing/start.ts': '',
    'src/modern/package.json': JSON.stringify({ exports: './src/entry.ts' }),
    'src/modern/src/entry.ts': '',
    'lodash.ts': '',
    'fs.ts': '',
    'node_modules/lodash/index.js': '',
    'node_modules/tool/package.json': JSON.stringify({ exports: { '.': './cli.mjs' } }),
    'node_modules/tool/cli.mjs': '',
  })
}

function find(
  fixture: Fixture,
  entry: string | URL,
  from = fixture.root,
  options: Partial<ResolveOptions> = {},
): string {
  const resolver = resolverFor(fixture, options)
  return entryOf(resolver, entry, { from, root: fixture.root })
}

describe('entryOf()', () => {
  test.each([
    ['src/main.ts', 'src/main.ts'],
    ['src/main', 'src/main.ts'],
    ['./src/main', 'src/main.ts'],
    ['./src/main.js', 'src/main.ts'],
    ['src/orders', 'src/orders/index.mts'],
    ['src/orders/', 'src/orders/index.mts'],
    ['src/billing', 'src/billing/start.ts'],
    ['src/modern', 'src/modern/src/entry.ts'],
    ['lodash', 'lodash.ts'],
    ['lodash/index.js', 'node_modules/lodash/index.js'],
    ['fs', 'fs.ts'],
    ['tool', 'node_modules/tool/cli.mjs'],
  ])('finds %s as %s', async (entry, file) => {
    await using fixture = await app()

    expect(find(fixture, entry)).toBe(fixture.path(file))
  })

  test('takes absolute paths and file URLs, as text or as URL', async () => {
    await using fixture = await app()
    const file = fixture.path('src/main.ts')

    expect(find(fixture, file)).toBe(file)
    expect(find(fixture, pathToFileURL(file))).toBe(file)
    expect(find(fixture, pathToFileURL(file).href)).toBe(file)
  })

  test('starts at the folder it is told', async () => {
    await using fixture = await app()

    expect(find(fixture, '../main', fixture.path('src/billing'))).toBe(fixture.path('src/main.ts'))
    expect(find(fixture, './main', fixture.path('src/'))).toBe(fixture.path('src/main.ts'))
  })

  test.each([
    ['./src/mian.ts', './src/main.ts'],
    ['./src/mian', './src/main.ts'],
    ['src/mian.ts', 'src/main.ts'],
    ['toool', 'tool'],
  ])('suggests what %s may have meant', async (entry, suggestion) => {
    await using fixture = await app()

    expect(() => find(fixture, entry)).toThrow(
      expect.objectContaining({
        code: 'SOMON_RESOLVE_NOT_FOUND',
        fix: `Write "${suggestion}" if that is what you mean`,
      }),
    )
  })

  test('lists what it tried, relative to the root', async () => {
    await using fixture = await app()

    expect(() => find(fixture, './src/none')).toThrow(
      expect.objectContaining({
        data: expect.objectContaining({
          tried: expect.arrayContaining(['src/none.ts', 'src/none/index.mts']),
        }),
      }),
    )
  })

  test.each(['node:path', 'https://example.com/x.js', 'data:text/javascript,1'])(
    'refuses %s, which is no file',
    async (entry) => {
      await using fixture = await app()

      expect(() => find(fixture, entry)).toThrow(
        expect.objectContaining({ code: 'SOMON_RESOLVE_NOT_FOUND' }),
      )
    },
  )

  test('refuses a package that is not allowed', async () => {
    await using fixture = await app()

    expect(() => find(fixture, 'tool', fixture.root, { allowedSources: ['lodash'] })).toThrow(
      expect.objectContaining({ code: 'SOMON_RESOLVE_SOURCE_DENIED' }),
    )
  })
})
