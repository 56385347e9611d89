import { describe, expect, test } from 'vitest'
import { createFixture } from '../support/fixture.ts'
import { resolverFor } from '../support/build-options.ts'
import { json, shop, classOf } from './support/shop.ts'

describe('resolve() with externalPolicy declared', () => {
  test.each([
    ['declared', 'external'],
    ['declared/deep/x.js', 'external'],
    ['maybe', 'external'],
    ['host', 'external'],
    ['tool', 'refused'],
    ['stray', 'refused'],
    ['@s/one', 'external'],
    ['node:fs', 'builtin'],
    ['./main.ts', 'source'],
  ])('answers %s with %s', async (specifier, expected) => {
    await using fixture = await shop()
    const resolver = resolverFor(fixture, { externalPolicy: 'declared', externals: ['@s/one'] })

    expect(classOf(resolver.resolve(specifier, fixture.path('src/main.ts'), 'import'))).toBe(
      expected,
    )
  })

  test('asks the package.json of the importer, not of the root', async () => {
    await using fixture = await createFixture({
      'package.json': json({ name: 'root', dependencies: { a: '1' } }),
      'main.ts': '',
      'inner/package.json': json({ dependencies: { b: '1' } }),
      'inner/main.ts': '',
    })
    const resolver = resolverFor(fixture, { externalPolicy: 'declared' })
    const ask = (specifier: string, from: string): string =>
      classOf(resolver.resolve(specifier, fixture.path(from), 'import'))

    expect([ask('a', 'main.ts'), ask('b', 'main.ts')]).toEqual(['external', 'refused'])
    expect([ask('a', 'inner/main.ts'), ask('b', 'inner/main.ts')]).toEqual(['refused', 'external'])
  })
})

describe('resolve() with allowedSources', () => {
  test.each([
    ['@s/one', 'external', 'external'],
    ['declared', 'external', 'refused'],
    ['declared', 'bundle', 'refused'],
    ['@s/one', 'bundle', 'source'],
    ['https://cdn.example.com/x.js', 'external', 'external'],
    ['https://evil.example.org/x.js', 'external', 'refused'],
    ['shop', 'external', 'missing'],
    ['./main.ts', 'external', 'source'],
    ['node:fs', 'external', 'builtin'],
  ] as const)('answers %s with packages %s by %s', async (specifier, packages, expected) => {
    await using fixture = await shop()
    const resolver = resolverFor(fixture, { packages, allowedSources: ['@s/*', '*.example.com'] })

    expect(classOf(resolver.resolve(specifier, fixture.path('src/main.ts'), 'import'))).toBe(
      expected,
    )
  })
})
