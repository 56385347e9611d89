import { mkdir, symlink } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { createFixture } from '../support/fixture.ts'
import { resolverFor } from '../support/build-options.ts'
import { json, shop, classOf } from './support/shop.ts'

describe('resolve() with packages', () => {
  test('external leaves packages to Node and says which file it will be', async () => {
    await using fixture = await shop()
    const resolver = resolverFor(fixture)

    expect(resolver.resolve('declared', fixture.path('src/main.ts'), 'import')).toEqual({
      class: 'external',
      specifier: 'declared',
      packageName: 'declared',
      file: fixture.path('node_modules/declared/index.js'),
    })
  })

  test('bundle makes them sources', async () => {
    await using fixture = await shop()
    const resolver = resolverFor(fixture, { packages: 'bundle' })

    expect(resolver.resolve('declared', fixture.path('src/main.ts'), 'import')).toEqual({
      class: 'source',
      file: fixture.path('node_modules/declared/index.js'),
      packageName: 'declared',
    })
  })

  test('external says nothing against a package that is not installed', async () => {
    await using fixture = await shop()

    expect(
      resolverFor(fixture).resolve('nowhere', fixture.path('src/main.ts'), 'import'),
    ).toMatchObject({ class: 'external', file: undefined })
  })

  test('bundle misses it, and names what it may have meant', async () => {
    await using fixture = await shop()
    const resolver = resolverFor(fixture, { packages: 'bundle' })

    expect(resolver.resolve('declard/x', fixture.path('src/main.ts'), 'import')).toMatchObject({
      class: 'missing',
      suggestion: 'declared/x',
      tried: expect.arrayContaining([fixture.path('node_modules/declard')]),
    })
  })
})

describe('resolve() of an installed package that holds no file for it', () => {
  test.each([
    ['"garbage"', 'bad', 'leads "." to "garbage"; a target starts with "./"'],
    ['{"./x":"../out.js"}', 'bad/x', 'leads "./x" to "../out.js"; a target'],
    ['{".":"./i.js","import":"./i.js"}', 'bad', 'node_modules/bad/package.json is not valid: "ex'],
    ['{"./x":"./i.js"}', 'bad', '"." is not exported by node_modules/bad/package.json under node'],
    ['{".":"./none.js"}', 'bad', 'its package.json names one that is not there'],
    ['{"./*":"./*"}', 'bad/none.js', 'node_modules/bad holds no file for it'],
  ])('says for exports %s and %s what is wrong', async (exports, specifier, fault) => {
    await using fixture = await createFixture({
      'node_modules/bad/package.json': `{"name":"bad","exports":${exports}}`,
      'node_modules/bad/i.js': '',
    })
    const resolver = resolverFor(fixture)

    expect(resolver.resolve(specifier, fixture.path('main.ts'), 'import')).toMatchObject({
      class: 'external',
      file: undefined,
      fault: expect.stringContaining(fault),
    })
    expect(resolver.explain(specifier, fixture.path('main.ts')).at(-1)?.result).toContain(fault)
  })

  test('says nothing of one that is not installed', async () => {
    await using fixture = await createFixture()

    expect(
      resolverFor(fixture).resolve('none', fixture.path('main.ts'), 'import'),
    ).not.toHaveProperty('fault')
  })
})

describe('resolve() with inline and externals', () => {
  test.each([
    ['inline', 'shipped', { inline: ['shipped'] }, 'source'],
    ['inline by scope', '@s/one', { inline: ['@s/*'] }, 'source'],
    ['inline of another', '@s/one', { inline: ['@t/*'] }, 'external'],
    ['paths below only', 'declared', { inline: ['declared/*'] }, 'external'],
    ['paths below only', 'declared/deep/x.js', { inline: ['declared/*'] }, 'source'],
    [
      'externals over bundle',
      'declared',
      { packages: 'bundle', externals: ['declared'] },
      'external',
    ],
    ['externals over inline', 'declared', { inline: ['declared'], externals: ['*'] }, 'external'],
  ] as const)('follows %s for %s', async (_what, specifier, options, expected) => {
    await using fixture = await shop()
    const resolver = resolverFor(fixture, options)

    expect(classOf(resolver.resolve(specifier, fixture.path('src/main.ts'), 'import'))).toBe(
      expected,
    )
  })

  test('follows externals even for a workspace package, which then is one for all', async () => {
    await using fixture = await createFixture({ 'main.ts': '', 'packages/db/index.ts': '' })
    await mkdir(fixture.path('node_modules'))
    await symlink('../packages/db', fixture.path('node_modules/db'), 'junction')

    const plain = resolverFor(fixture).resolve('db', fixture.path('main.ts'), 'import')
    const listed = resolverFor(fixture, { externals: ['db'] })

    expect(classOf(plain)).toBe('source')
    expect(classOf(listed.resolve('db', fixture.path('main.ts'), 'import'))).toBe('external')
    expect(listed.inlineNames()).toEqual([])
  })
})

describe('resolve() with alias', () => {
  test.each([
    ['exact', { db: './src/main.ts' }, 'db', 'src/main.ts'],
    ['below', { lib: './src' }, 'lib/main', 'src/main.ts'],
    ['by prefix', { '@/*': './src/*' }, '@/main', 'src/main.ts'],
    ['the longest', { a: './nope', 'a/b': './src/main.ts' }, 'a/b', 'src/main.ts'],
  ] as const)('replaces %s', async (_what, alias, specifier, file) => {
    await using fixture = await shop()
    const resolver = resolverFor(fixture, { alias })

    expect(resolver.resolve(specifier, fixture.path('src/main.ts'), 'import')).toMatchObject({
      class: 'source',
      file: fixture.path(file),
    })
  })

  test('replaces a package by another, which stays an import', async () => {
    await using fixture = await shop()
    const resolver = resolverFor(fixture, { alias: { lodash: 'declared' } })

    expect(resolver.resolve('lodash/deep/x.js', fixture.path('src/main.ts'), 'import')).toEqual({
      class: 'external',
      specifier: 'declared/deep/x.js',
      packageName: 'declared',
      file: fixture.path('node_modules/declared/deep/x.js'),
    })
  })

  test('leaves names alone that only begin alike', async () => {
    await using fixture = await shop()
    const resolver = resolverFor(fixture, { alias: { decl: './src/main.ts' } })

    expect(resolver.resolve('declared', fixture.path('src/main.ts'), 'import')).toMatchObject({
      class: 'external',
    })
  })
})

describe('resolve() of URLs and odd specifiers', () => {
  test('reads file URLs, with spaces and queries', async () => {
    await using fixture = await createFixture({ 'my file.ts': '' })
    const url = `${pathToFileURL(fixture.path('my file.ts')).href}?v=1`

    expect(resolverFor(fixture).resolve(url, fixture.path('x.ts'), 'import')).toEqual({
      class: 'source',
      file: fixture.path('my file.ts'),
    })
  })

  test('keeps a # that belongs to the name of a file', async () => {
    await using fixture = await createFixture({ 'c#.ts': '', 'c.ts': '' })

    expect(resolverFor(fixture).resolve('./c#.ts', fixture.path('x.ts'), 'import')).toMatchObject({
      file: fixture.path('c#.ts'),
    })
  })

  test.each([
    ['data:text/javascript,export default 1', 'external'],
    ['node:nonsense', 'missing'],
    ['', 'missing'],
    ['npm:x', 'missing'],
    ['file://host/x', 'missing'],
    ['file:', 'missing'],
  ])('answers %j with %s', async (specifier, expected) => {
    await using fixture = await createFixture()

    expect(classOf(resolverFor(fixture).resolve(specifier, fixture.path('x.ts'), 'import'))).toBe(
      expected,
    )
  })
})

describe('resolve() in a project that was itself installed', () => {
  test('takes its own files for sources and its packages for packages', async () => {
    await using outer = await createFixture({
      'node_modules/app/package.json': json({ name: 'app', exports: './main.ts' }),
      'node_modules/app/main.ts': '',
      'node_modules/app/node_modules/dep/index.js': '',
      'node_modules/sibling/index.js': '',
    })
    const root = outer.path('node_modules/app')
    const resolver = resolverFor({ root })
    const ask = (specifier: string): string =>
      classOf(resolver.resolve(specifier, `${root}/main.ts`, 'import'))

    expect(['app', './main', 'dep', 'sibling'].map(ask)).toEqual([
      'source',
      'source',
      'external',
      'external',
    ])
  })
})

describe('clear()', () => {
  test('makes files, packages and configuration visible that appeared since', async () => {
    await using fixture = await createFixture({ 'main.ts': '' })
    const resolver = resolverFor(fixture, { externalPolicy: 'declared' })
    const ask = (specifier: string): string =>
      classOf(resolver.resolve(specifier, fixture.path('main.ts'), 'import'))
    expect(['./new', 'dep', '@/new'].map(ask)).toEqual(['missing', 'refused', 'refused'])
    await fixture.write('new.ts', '')
    await fixture.write('package.json', json({ name: 'x', dependencies: { dep: '1' } }))
    await fixture.write('tsconfig.json', json({ compilerOptions: { paths: { '@/*': ['./*'] } } }))
    expect(ask('./new')).toBe('missing')

    resolver.clear()

    expect(['./new', 'dep', '@/new'].map(ask)).toEqual(['source', 'external', 'source'])
  })
})
