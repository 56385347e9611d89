import { mkdir } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { SomonError } from '../../src/base/error.ts'
import { createFixture } from '../support/fixture.ts'
import { createBundling } from './support/bundling.ts'

describe('Bundler.build() fails', () => {
  test('with place, frame and import chain, columns in UTF-16 units', async () => {
    await using fixture = await createFixture({
      'a.ts': 'import "./b.js"',
      'b.ts': 'import { c } from "./deep/c"\nexport const b = c',
      'deep/c.ts': 'const ok = 1\nconst s = "äö😀"; const x = const 2\n',
    })
    await using bundling = createBundling(fixture.root)

    const { error } = await bundling.fail('a.ts')

    expect(error.code).toBe('SOMON_BUNDLE_FAILED')
    expect(error.message).toMatch(/^Cannot bundle "a.ts": .+ \(deep\/c.ts:2:\d+\)$/)
    expect(error.location).toMatchObject({ file: 'deep/c.ts', line: 2, column: 29 })
    expect(error.importChain).toEqual(['a.ts', 'b.ts', 'deep/c.ts'])
    expect(error.frame).toContain(
      '> 2 | const s = "äö😀"; const x = const 2\n    |                             ^^^^^',
    )
  })

  test('with one part for each error', async () => {
    await using fixture = await createFixture({
      'a.ts': 'import "./one"\nimport "two"\nimport "./three.js"',
    })
    await using bundling = createBundling(fixture.root, { resolve: { packages: 'bundle' } })

    const { error } = await bundling.fail('a.ts')

    expect(error.message).toContain(
      'could not resolve "./one" (a.ts:1:8); it is the first of 3 errors',
    )
    expect(error.errors?.map((part) => part.location?.line)).toEqual([1, 2, 3])
    expect(error.errors?.map((part) => part.fix)).toEqual([
      'Create the file, or correct the specifier',
      'Install the package, or correct the specifier',
      'Create the file, or correct the specifier',
    ])
  })

  test('only for the faulty entries of a batch, each with its own error', async () => {
    await using fixture = await createFixture({
      'good.ts': 'export const good = 1',
      'own.ts': 'export const =',
      'reaches.ts': 'import "./shared.ts"',
      'shared.ts': 'import "./missing.ts"',
      'also.ts': 'export const also = 1',
    })
    // To this clock every file is young: esbuild reads none by itself, which a failure would repeat.
    await using bundling = createBundling(fixture.root, { clock: { now: () => 0 } })

    const outcomes = await bundling.build('good.ts', 'own.ts', 'reaches.ts', 'gone.ts', 'also.ts')

    expect(outcomes.map(({ entry, ok }) => [entry, ok])).toEqual([
      ['good.ts', true],
      ['own.ts', false],
      ['reaches.ts', false],
      ['gone.ts', false],
      ['also.ts', true],
    ])
    expect(outcomes.map((outcome) => (outcome.ok ? '' : outcome.error.location?.file))).toEqual([
      '',
      'own.ts',
      'shared.ts',
      undefined,
      '',
    ])
    // The batch, then the three that no error of the batch named.
    expect(bundling.bundler.stats().builds).toBe(4)
  })

  test('for an entry that is not there or a folder', async () => {
    await using fixture = await createFixture()
    await mkdir(fixture.path('folder'))
    await using bundling = createBundling(fixture.root)

    const gone = await bundling.fail('gone.ts')
    const folder = await bundling.fail('folder')

    expect(gone.error.message).toBe('Cannot bundle "gone.ts": there is nothing at that path')
    expect(gone.inputs.absent).toEqual(['gone.ts'])
    expect(folder.error.code).toBe('SOMON_BUNDLE_ENTRY_MISSING')
    expect(folder.error.message).toContain('there is a folder')
  })

  test.each([
    ['native addons', 'import "./x.node"', 'name it in loading.externals'],
    ['files without loader', 'import "./x.abc"', 'Add a plugin that loads such files'],
    ['folders without index', 'import "./empty"', 'Create the file, or correct the specifier'],
    [
      'a required module with top-level await',
      'require("./tla.ts")',
      'import() instead of require()',
    ],
  ])('for %s with a fix of its own', async (_what, source, fix) => {
    await using fixture = await createFixture({
      'a.ts': source,
      'x.node': '',
      'x.abc': '',
      'empty/x.txt': '',
      'tla.ts': 'await 1; export {}',
    })
    await using bundling = createBundling(fixture.root)

    const { error } = await bundling.fail('a.ts')

    expect(error.code).toBe('SOMON_BUNDLE_FAILED')
    expect(error.fix).toContain(fix)
    expect(error.location?.file).toBe('a.ts')
  })

  test('with the code of an error that a plugin throws, and the place of the import', async () => {
    await using fixture = await createFixture({ 'a.ts': '\nimport "virtual"' })
    const refusal = new SomonError('SOMON_TEST_REFUSED', 'Cannot have it', 'Do without', { why: 1 })
    await using bundling = createBundling(fixture.root, {
      plugins: [
        {
          name: 'refuses',
          cacheKey: 'k',
          resolveId(id) {
            if (id === 'virtual') throw refusal
          },
        },
      ],
    })

    const { error } = await bundling.fail('a.ts')

    expect(error).toMatchObject({ code: 'SOMON_TEST_REFUSED', fix: 'Do without', data: { why: 1 } })
    expect(error.location).toMatchObject({ file: 'a.ts', line: 2 })
  })

  test('for a package that is inlined and not installed, as the resolver says it', async () => {
    await using fixture = await createFixture({
      'package.json': '{"name":"self","exports":{".":"./missing.ts"}}',
      'a.ts': 'import "self"',
    })
    await using bundling = createBundling(fixture.root)

    const { error } = await bundling.fail('a.ts')

    expect(error.code).toBe('SOMON_RESOLVE_NOT_FOUND')
    expect(error.location).toMatchObject({ file: 'a.ts', line: 1, column: 8 })
  })

  test('at options that somon needs itself, before anything is built', async () => {
    await using fixture = await createFixture({ 'a.ts': '' })
    await using meta = createBundling(fixture.root, { build: { define: { 'import.meta': 'x' } } })
    await using copy = createBundling(fixture.root, { build: { loader: { '.png': 'copy' } } })

    await expect(meta.build('a.ts')).rejects.toMatchObject({ code: 'SOMON_BUNDLE_OPTION_OWNED' })
    await expect(copy.build('a.ts')).rejects.toMatchObject({
      code: 'SOMON_BUNDLE_OPTION_OWNED',
      data: { option: 'loader .png' },
    })
    expect(meta.bundler.stats().builds).toBe(0)
  })

  test('for import phases, which no reloadable module has', async () => {
    await using fixture = await createFixture({
      'a.js': 'import defer * as x from "node:fs"; console.log(x.statSync)',
    })
    await using bundling = createBundling(fixture.root, { build: { target: 'esnext' } })

    const { error } = await bundling.fail('a.js')

    expect(error.code).toBe('SOMON_BUNDLE_UNSUPPORTED_IMPORT')
    expect(error.message).toContain('"import defer"')
  })
})

describe('A failed outcome', () => {
  test('knows every file that was read and what was looked for, so that a repair is noticed', async () => {
    await using fixture = await createFixture({
      'package.json': '{"name":"p"}',
      'src/a.ts': 'import "./b.ts"',
      'src/b.ts': 'import "../lib/missing"',
    })
    await using bundling = createBundling(fixture.root)

    const { inputs } = await bundling.fail('src/a.ts')

    expect(inputs.files.map(([path]) => path)).toEqual(['package.json', 'src/a.ts', 'src/b.ts'])
    expect(inputs.absent).toEqual(
      expect.arrayContaining(['lib/missing.ts', 'lib/missing/index.js']),
    )
    expect(inputs.dirs.map(([path]) => path)).toEqual(['src'])
  })

  test('heals when the file is created', async () => {
    await using fixture = await createFixture({
      'a.ts': 'import { b } from "./b.ts"; export const a = b',
    })
    await using bundling = createBundling(fixture.root)

    const { inputs } = await bundling.fail('a.ts')
    await fixture.write('b.ts', 'export const b = 1')
    const healed = await bundling.one('a.ts')

    expect(inputs.absent).toContain('b.ts')
    expect(healed.artifact.inputs.map(({ path }) => path)).toEqual(['a.ts', 'b.ts'])
  })

  test('looks for a missing package in every node_modules above', async () => {
    await using fixture = await createFixture({ 'src/a.ts': 'import "nowhere/x"' })
    await using bundling = createBundling(fixture.root, { resolve: { packages: 'bundle' } })

    const { inputs } = await bundling.fail('src/a.ts')

    expect(inputs.absent).toEqual(
      expect.arrayContaining(['src/node_modules/nowhere', 'node_modules/nowhere']),
    )
  })
})
