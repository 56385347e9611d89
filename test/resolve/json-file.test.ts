import { describe, expect, test } from 'vitest'
import { readPackageJson } from '../../src/resolve/json-file.ts'
import { createFixture } from '../support/fixture.ts'
import { resolverFor } from '../support/build-options.ts'

const json = (value: unknown): string => JSON.stringify(value)

describe('readPackageJson()', () => {
  test('reads the name, the version and what may be imported', async () => {
    const text = json({
      name: 'a',
      version: '1.2.3',
      dependencies: { b: '1' },
      devDependencies: { c: '1' },
    })
    await using fixture = await createFixture({ 'package.json': `\uFEFF${text}` })

    expect(readPackageJson(fixture.path('package.json'), fixture.root)).toEqual({
      name: 'a',
      version: '1.2.3',
      declared: new Set(['b']),
    })
  })

  test('ignores fields of another type, as Node does', async () => {
    const text = json({ name: 7, version: 1, dependencies: ['b'], peerDependencies: 'c' })
    await using fixture = await createFixture({ 'package.json': text })

    expect(readPackageJson(fixture.path('package.json'), fixture.root)).toEqual({
      name: undefined,
      version: undefined,
      declared: new Set(),
    })
  })

  test('says nothing where there is none, or a folder of that name', async () => {
    await using fixture = await createFixture({ 'package.json/x': '', file: '' })

    expect(readPackageJson(fixture.path('none.json'), fixture.root)).toBeUndefined()
    expect(readPackageJson(fixture.path('package.json'), fixture.root)).toBeUndefined()
    expect(readPackageJson(fixture.path('file/package.json'), fixture.root)).toBeUndefined()
  })
})

describe('resolve() of broken configuration', () => {
  test.each([
    ['package.json', '{ "name": "a",, }', 'dep', 1, 15],
    ['package.json', '{ "name": "a", "x": tru, "y": 1 }', 'dep', 1, 24],
    ['package.json', '[]', 'dep', 1, 1],
    ['package.json', '{ "name": "a"', 'dep', 1, 14],
    ['tsconfig.json', '{\n  "compilerOptions": nope\n}', './a', 2, 23],
  ])('names the place in %s: %j', async (file, text, specifier, line, column) => {
    await using fixture = await createFixture({ [file]: text, 'main.ts': '', 'a.ts': '' })
    const resolver = resolverFor(fixture, { externalPolicy: 'declared' })

    expect(() => resolver.resolve(specifier, fixture.path('main.ts'), 'import')).toThrow(
      expect.objectContaining({
        code: 'SOMON_RESOLVE_UNREADABLE_CONFIG',
        location: { file, line, column },
        frame: expect.stringContaining('> '),
      }),
    )
  })

  test('goes on without a tsconfig.json whose base is not there, and explains it', async () => {
    await using fixture = await createFixture({
      'tsconfig.json': json({ extends: '@tsconfig/none' }),
      'main.ts': '',
      'a.ts': '',
    })
    const resolver = resolverFor(fixture)

    expect(resolver.resolve('./a', fixture.path('main.ts'), 'import')).toMatchObject({
      class: 'source',
    })
    expect(resolver.explain('./a', fixture.path('main.ts'))).toContainEqual({
      step: 'tsconfig.json',
      result: expect.stringContaining('@tsconfig/none'),
    })
  })
})
