import { mkdir, readFile, stat, symlink } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { BuildInputs } from '../../src/bundle/build-inputs.ts'
import { createFixture } from '../support/fixture.ts'
import { createBundling } from './support/bundling.ts'

describe('BuildInputs.files', () => {
  test('hold digest and stat of each source and of the configuration it was built with', async () => {
    await using fixture = await createFixture({
      'package.json': '{"name":"p"}',
      'tsconfig.json': '{"extends":"./base.json"}',
      'base.json': '{"extends":["./deep/one","@tools/tsconfig"]}',
      'deep/one.json': '{}',
      'node_modules/@tools/tsconfig/package.json': '{"name":"@tools/tsconfig"}',
      'node_modules/@tools/tsconfig/tsconfig.json': '{}',
      'src/a.ts': 'import { b } from "./b.ts"; export const a = b',
      'src/b.ts': 'export const b = 1',
      '.pnp.cjs': '',
    })
    await using bundling = createBundling(fixture.root)

    const { inputs } = await bundling.one('src/a.ts')

    expect(inputs.files.map(([path, , , , , , origin]) => [path, origin])).toEqual([
      ['.pnp.cjs', 'config'],
      ['base.json', 'config'],
      ['deep/one.json', 'config'],
      ['node_modules/@tools/tsconfig/package.json', 'config'],
      ['node_modules/@tools/tsconfig/tsconfig.json', 'config'],
      ['package.json', 'config'],
      ['src/a.ts', 'bundle'],
      ['src/b.ts', 'bundle'],
      ['tsconfig.json', 'config'],
    ])
    const { size, mtimeMs, ctimeMs, ino } = await stat(fixture.path('src/b.ts'))
    const sha256 = createHash('sha256').update(await readFile(fixture.path('src/b.ts')))
    expect(row(inputs, 'src/b.ts')).toEqual([
      'src/b.ts',
      sha256.digest('hex'),
      size,
      mtimeMs,
      ctimeMs,
      ino,
      'bundle',
    ])
  })

  test('hold the package.json of an inlined package and not that of the root for it', async () => {
    await using fixture = await createFixture({
      'package.json': '{"name":"p"}',
      'node_modules/x/package.json': '{"name":"x","main":"./lib/i.js"}',
      'node_modules/x/lib/i.js': 'exports.x = 1',
      'node_modules/x/lib/tsconfig.json': '{}',
      'a.ts': 'import { x } from "x"; export const a = x',
    })
    await using bundling = createBundling(fixture.root, { resolve: { inline: ['x'] } })

    const { inputs } = await bundling.one('a.ts')

    expect(paths(inputs)).toEqual([
      'a.ts',
      'node_modules/x/lib/i.js',
      'node_modules/x/package.json',
      'package.json',
    ])
  })

  test('of one entry of a batch leave out those of the others', async () => {
    await using fixture = await createFixture({
      'a/a.ts': 'export const a = 1',
      'b/b.ts': 'import "./c.ts"',
      'b/c.ts': 'export {}; console.log(1)',
      'b/tsconfig.json': '{}',
    })
    await using bundling = createBundling(fixture.root)

    const [a, b] = await bundling.build('a/a.ts', 'b/b.ts')

    expect(a && paths(a.inputs)).toEqual(['a/a.ts'])
    expect(b && paths(b.inputs)).toEqual(['b/b.ts', 'b/c.ts', 'b/tsconfig.json'])
  })

  test('name the tsconfig.json that the options fix, and no nearer one', async () => {
    await using fixture = await createFixture({
      'src/tsconfig.json': '{}',
      'tsconfig.build.json': '{}',
      'src/a.ts': 'export const a = 1',
    })
    const tsconfig = fixture.path('tsconfig.build.json')
    await using bundling = createBundling(fixture.root, { resolve: { tsconfig } })

    const { inputs } = await bundling.one('src/a.ts')

    expect(paths(inputs)).toEqual(['src/a.ts', 'tsconfig.build.json'])
  })

  test('and folders that plugins declare or name are inputs too', async () => {
    await using fixture = await createFixture({
      'a.ts': 'export const a = 1',
      'schema.graphql': 'type A',
      'watched/one.txt': '',
      'read.txt': 'x',
    })
    await using bundling = createBundling(fixture.root, {
      env: { ...process.env, FLAVOUR: 'dark' },
      plugins: [
        {
          name: 'reads',
          cacheKey: 'k',
          env: ['FLAVOUR'],
          watch: { files: ['schema.graphql', 'gone.graphql'], dirs: ['watched'] },
          transform(code) {
            this.addWatchFile(fixture.path('read.txt'))
            return code
          },
        },
      ],
    })

    const { inputs } = await bundling.one('a.ts')

    expect(row(inputs, 'schema.graphql')?.at(-1)).toBe('plugin')
    expect(row(inputs, 'read.txt')?.at(-1)).toBe('plugin')
    expect(inputs.absent).toContain('gone.graphql')
    expect(inputs.dirs.map(([path]) => path)).toEqual(['', 'watched'])
    expect(inputs.env).toEqual([['FLAVOUR', createHash('sha256').update('dark').digest('hex')]])
    expect(inputs.uncacheable).toBeUndefined()
  })

  test('that change while a plugin works are recorded with a digest no file has', async () => {
    await using fixture = await createFixture({ 'a.ts': 'export const a = 1', 'data.txt': 'old' })
    await using bundling = createBundling(fixture.root, {
      plugins: [
        {
          name: 'edits',
          cacheKey: 'k',
          async transform(code) {
            this.addWatchFile(fixture.path('data.txt'))
            await new Promise((resolve) => setTimeout(resolve, 20))
            await fixture.write('data.txt', 'new')
            return code
          },
        },
      ],
    })

    const { inputs } = await bundling.one('a.ts')

    expect(row(inputs, 'data.txt')?.[1]).toBe('0'.repeat(64))
  })

  test.each([
    ['what was written', ['new'], false],
    ['something else', ['old'], true],
    ['two different things', ['new', 'old'], true],
  ])(
    'that a plugin writes are trusted only when it has said %s',
    async (_title, said, isDoubted) => {
      await using fixture = await createFixture({ 'a.ts': 'export const a = 1', 'data.txt': 'old' })
      await using bundling = createBundling(fixture.root, {
        plugins: [
          {
            name: 'writes',
            cacheKey: 'k',
            async buildEnd() {
              for (const text of said) this.addWatchFile(fixture.path('data.txt'), text)
              await fixture.write('data.txt', 'new')
            },
          },
        ],
      })

      const { inputs } = await bundling.one('a.ts')

      expect(row(inputs, 'data.txt')?.[1] === '0'.repeat(64)).toBe(isDoubted)
    },
  )

  test('of a folder are doubted when something else appeared beside what was declared', async () => {
    await using fixture = await createFixture({ 'src/a.ts': 'export const a = 1' })
    const before = await stat(fixture.path('src'))
    const rowAfter = async (extra: readonly string[]): Promise<number | undefined> => {
      await using bundling = createBundling(fixture.root, {
        plugins: [
          {
            name: 'writes',
            cacheKey: 'k',
            async buildEnd() {
              this.addWatchFile(fixture.path('src/lock.json'), '{}')
              for (const file of ['src/lock.json', ...extra]) await fixture.write(file, '{}')
            },
          },
        ],
      })
      const { inputs } = await bundling.one('src/a.ts')
      return inputs.dirs.find(([path]) => path === 'src')?.[1]
    }

    expect(await rowAfter([])).toBe(before.mtimeMs)
    await fixture.remove('src/lock.json')
    expect(await rowAfter(['src/b.ts'])).toBe((await stat(fixture.path('src'))).mtimeMs)
  })

  test('say which plugin keeps the artifact out of the cache', async () => {
    await using fixture = await createFixture({ 'a.ts': 'export const a = 1' })
    await using bundling = createBundling(fixture.root, {
      plugins: [{ name: 'keyless', transform: (code) => code }],
    })

    const { inputs } = await bundling.one('a.ts')

    expect(inputs.uncacheable).toBe('keyless')
  })
})

describe('BuildInputs.dirs', () => {
  test('are the folders of the project that hold inputs', async () => {
    await using fixture = await createFixture({
      'src/a.ts': 'import "./deep/b.ts"',
      'src/deep/b.ts': 'export {}; console.log(1)',
      'src/empty/x.txt': '',
    })
    await using bundling = createBundling(fixture.root)

    const { inputs } = await bundling.one('src/a.ts')

    expect(inputs.dirs.map(([path]) => path)).toEqual(['src', 'src/deep'])
    expect(inputs.dirs[0]?.[1]).toBe((await stat(fixture.path('src'))).mtimeMs)
  })

  test.each<[string, boolean]>([
    ['src/a.tsx', true],
    ['src/package.json', true],
    ['src/folder/x', true],
    ['src/log.txt', false],
    ['src/.cache/x', false],
    ['src/node_modules/x/index.js', false],
  ])('notice %s: %s', async (file, noticed) => {
    await using fixture = await createFixture({ 'src/a.ts': 'export const a = 1' })
    await using bundling = createBundling(fixture.root)
    const before = (await bundling.one('src/a.ts')).inputs.dirs[0]?.[2]

    await fixture.write(file, '{}')
    const after = (await bundling.one('src/a.ts')).inputs.dirs[0]?.[2]

    expect(after !== before).toBe(noticed)
  })
})

describe('BuildInputs.absent', () => {
  test('hold what would have been taken before the file that was found', async () => {
    await using fixture = await createFixture({
      'src/a.ts': 'import { x } from "../lib/x"; export const a = x',
      'lib/x/index.js': 'export const x = 1',
    })
    await using bundling = createBundling(fixture.root)

    const { inputs } = await bundling.one('src/a.ts')

    const shadows = inputs.absent.filter((path) => path.startsWith('lib/'))
    expect(shadows).toEqual(
      expect.arrayContaining(['lib/x.ts', 'lib/x.tsx', 'lib/x.js', 'lib/x.json']),
    )
    expect(shadows.filter((path) => path.startsWith('lib/x/'))).toEqual([])
  })

  test('hold the nearer node_modules that had no such package', async () => {
    await using fixture = await createFixture({
      'src/deep/a.ts': 'import { x } from "x"; export const a = x',
      'node_modules/x/index.js': 'export const x = 1',
    })
    await using bundling = createBundling(fixture.root, { resolve: { inline: ['x'] } })

    const { inputs } = await bundling.one('src/deep/a.ts')

    expect(inputs.absent.filter((path) => path.includes('node_modules'))).toEqual([
      'src/deep/node_modules/x',
      'src/node_modules/x',
    ])
  })

  test('hold the tsconfig.json that nearer folders do not have', async () => {
    await using fixture = await createFixture({
      'lib/src/a.ts': 'export const a = 1',
      'tsconfig.json': '{}',
    })
    await using bundling = createBundling(fixture.root)

    const { inputs } = await bundling.one('lib/src/a.ts')

    // The one in lib/src is noticed by the folder itself.
    expect(inputs.absent).toContain('lib/tsconfig.json')
    expect(inputs.absent).not.toContain('lib/src/tsconfig.json')
  })
})

describe('BuildInputs.symlinks', () => {
  test('hold linked packages and linked folders on the way', async () => {
    await using fixture = await createFixture({
      'store/x-1/node_modules/x/package.json': '{"name":"x"}',
      'store/x-1/node_modules/x/index.js': 'export const x = 1',
      'real/y.ts': 'export const y = 1',
      'a.ts': 'import { x } from "x"; import { y } from "./linked/y.ts"; export const a = [x, y]',
    })
    await mkdir(fixture.path('node_modules'))
    await symlink('../store/x-1/node_modules/x', fixture.path('node_modules/x'))
    await symlink('real', fixture.path('linked'))
    await using bundling = createBundling(fixture.root, { resolve: { inline: ['x'] } })

    const { inputs } = await bundling.one('a.ts')

    expect(Object.fromEntries(inputs.symlinks)).toEqual({
      linked: 'real',
      'node_modules/x': '../store/x-1/node_modules/x',
    })
    expect(paths(inputs)).toContain('real/y.ts')
  })
})

function paths(inputs: BuildInputs): readonly string[] {
  return inputs.files.map(([path]) => path)
}

function row(inputs: BuildInputs, path: string): BuildInputs['files'][number] | undefined {
  return inputs.files.find(([found]) => found === path)
}
