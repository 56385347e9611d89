import { basename } from 'node:path'
import { build } from 'esbuild'
import { describe, expect, test } from 'vitest'
import type { FusedPlugin, HookFilter } from '../../src/bundle/plugin.ts'
import { createFixture } from '../support/fixture.ts'
import { appending, buildWith, createHost, RecordingBuild, words } from './plugin-build.ts'

const warning = (name: string): FusedPlugin => ({
  name,
  transform(code) {
    this.warn({ message: `from ${name}`, loc: { line: 1, column: 6 } })
    return `${code} `
  },
})

describe('FusedBuild', () => {
  test('gives transforms the bytes of the reader and finishes after the last one', async () => {
    await using fixture = await createFixture(words)
    const host = createHost(fixture.root, [appending('a')])
    const recorded = new RecordingBuild()
    const order: string[] = []
    recorded.read = async () => ({
      contents: Buffer.from(`export const word = 'hashed'`),
      loader: 'ts',
    })
    recorded.finish = (code, file) => {
      order.push(`${basename(file)}: ${code}`)
      return `${code}\nexport const finished = true`
    }

    const result = await build({
      entryPoints: [fixture.path('word.ts')],
      bundle: true,
      write: false,
      format: 'esm',
      plugins: [...host.esbuildPlugins(recorded)],
    })

    expect(order).toEqual([`word.ts: export const word = 'hashed a'`])
    expect(result.outputFiles[0]?.text).toContain('finished = true')
  })

  test('serves modules of a plugin under ids that start with a zero', async () => {
    await using fixture = await createFixture({
      'entry.ts': `export { value } from 'virtual:config'`,
      'lib/value.ts': `export const value: number = 7`,
    })
    const seen: (string | undefined)[] = []
    const plugin: FusedPlugin = {
      name: 'virtual',
      resolveId(specifier, importer) {
        if (specifier === 'virtual:config') return '\0virtual:config'
        if (specifier !== 'inner') return undefined
        seen.push(importer)
        return `${fixture.path('lib', 'value.ts')}?query`
      },
      load: (id) => (id === '\0virtual:config' ? `export { value } from 'inner'` : undefined),
    }

    const { exports, result, recorded } = await buildWith(fixture, [plugin])

    expect(exports.value).toBe(7)
    expect(seen).toEqual(['\0virtual:config'])
    expect(Object.keys(result.metafile.inputs)).toContain('virtual:virtual:config')
    expect(recorded.reads).toContain(fixture.path('lib', 'value.ts'))
  })

  test('lets one plugin load what another one resolves, and gives both import attributes', async () => {
    await using fixture = await createFixture({
      'entry.ts': `export { default as text } from 'https://host.test/x.md' with { type: 'md' }`,
    })
    const seen: unknown[] = []
    const finder: FusedPlugin = {
      name: 'finder',
      resolveId: {
        filter: { id: /^https:/ },
        handler: (specifier, _importer, options) => {
          seen.push(options)
          return specifier
        },
      },
    }
    const source: FusedPlugin = {
      name: 'source',
      load: (id, { attributes }) => {
        if (!id.startsWith('https:')) return undefined
        seen.push(attributes)
        return { code: '<h1>', loader: 'text' }
      },
    }

    const { exports } = await buildWith(fixture, [finder, source])

    expect(exports.text).toBe('<h1>')
    expect(seen).toEqual([
      { isEntry: false, kind: 'import-statement', attributes: { type: 'md' } },
      { type: 'md' },
    ])
  })

  test('keeps an import external when a plugin says so', async () => {
    await using fixture = await createFixture({ 'entry.ts': `export * from 'left'` })

    const { code } = await buildWith(fixture, [
      { name: 'ext', resolveId: (id) => (id === 'left' ? { id: 'right', external: true } : null) },
    ])

    expect(code).toContain('require("right")')
  })

  test('picks the loader: of the result, of a script, js for what has none, kept for the rest', async () => {
    await using fixture = await createFixture({
      'entry.ts': `
        export { default as a } from './a.yaml'
        export { default as b } from './b.txt'
        export { c } from './c.tsx'
        export { default as d } from './d.x' with { type: 'text' }
        export { default as e } from './e.x'`,
      'a.yaml': 'a',
      'b.txt': 'b',
      'c.tsx': 'export const c: number = 1',
      'd.x': 'd',
      'e.x': 'e',
    })
    const plugin: FusedPlugin = {
      name: 'loaders',
      transform: (code, id) => {
        if (id.endsWith('.yaml'))
          return { code: `export default '${code}' as string`, loader: 'ts' }
        if (id.endsWith('c.tsx')) return code.replace('1', '2')
        return id.endsWith('e.x')
          ? `export default '${code}!'`
          : `${code}!`.replace(/^(?!d|b).*/s, code)
      },
    }

    const { exports } = await buildWith(fixture, [plugin])

    expect({ ...exports }).toMatchObject({ a: 'a', b: 'b!', c: 2, d: 'd!', e: 'e!' })
  })

  test('keeps bytes from transforms', async () => {
    const bytes = Uint8Array.from([0, 255, 128, 10])
    await using fixture = await createFixture({
      'entry.ts': `export { default as bytes } from './x.bin' with { type: 'bytes' }`,
      'x.bin': bytes,
    })
    const seen: string[] = []

    const { exports } = await buildWith(fixture, [
      { name: 'all', transform: (_code, id) => void seen.push(basename(id)) },
    ])

    expect(exports.bytes).toEqual(bytes)
    expect(seen).toEqual(['entry.ts'])
  })

  test('takes off a byte order mark before transforms', async () => {
    await using fixture = await createFixture({ 'entry.ts': `\uFEFFexport const a = 1` })
    const seen: string[] = []

    await buildWith(fixture, [{ name: 'all', transform: (code) => void seen.push(code) }])

    expect(seen).toEqual(['export const a = 1'])
  })

  const filters: readonly [string, HookFilter, readonly string[]][] = [
    ['a glob from anywhere', { id: '**/*.a.ts' }, ['one.a.ts', 'two.a.ts']],
    ['a glob from the root', { id: 'lib/*.ts' }, ['two.a.ts', 'two.b.ts']],
    ['a dotted glob from the root', { id: './one.*.ts' }, ['one.a.ts', 'one.b.ts']],
    ['a regular expression', { id: /one\.[ab]/ }, ['one.a.ts', 'one.b.ts']],
    ['a list', { id: ['**/one.a.ts', /two\.b/] }, ['one.a.ts', 'two.b.ts']],
    [
      'include and exclude',
      { id: { include: /\.ts$/, exclude: ['**/one.*', /entry/] } },
      ['two.a.ts', 'two.b.ts'],
    ],
    ['exclude alone', { id: { exclude: [/one/, /entry/] } }, ['two.a.ts', 'two.b.ts']],
    ['a text in the code', { code: '[two.a]' }, ['two.a.ts']],
    ['id and code together', { id: /two/, code: { include: /two/, exclude: 'b]' } }, ['two.a.ts']],
  ]

  test.each(filters)(
    'calls a transform for the files of its filter: %s',
    async (_title, filter, expected) => {
      const names = ['one.a.ts', 'one.b.ts', 'lib/two.a.ts', 'lib/two.b.ts']
      const files = names.map((name) => [name, `export default '[${basename(name, '.ts')}]'`])
      const imports = names.map((name) => `import './${name}'`).join('\n')
      await using fixture = await createFixture({
        ...Object.fromEntries(files),
        'entry.ts': imports,
      })
      const seen: string[] = []

      await buildWith(fixture, [
        { name: 'f', transform: { filter, handler: (_code, id) => void seen.push(basename(id)) } },
      ])

      expect(seen.toSorted()).toEqual(expected)
    },
  )

  test('compares texts in the filter of resolveId with the whole specifier', async () => {
    await using fixture = await createFixture({
      'entry.ts': `export * from './exact.ts'; export * from './exact.ts2.ts'`,
      'exact.ts': '',
      'exact.ts2.ts': '',
    })
    const seen: string[] = []
    const note = (specifier: string): undefined => void seen.push(specifier)

    await buildWith(fixture, [
      { name: 'a', resolveId: { filter: { id: './exact.ts' }, handler: note } },
      { name: 'b', resolveId: { filter: { id: { exclude: [/exact/, /entry/] } }, handler: note } },
    ])

    expect(seen).toEqual(['./exact.ts'])
  })

  test('keeps the warnings of every hook, with name and position', async () => {
    await using fixture = await createFixture({ 'entry.ts': 'const ä = 1\nexport {}' })

    const { result } = await buildWith(fixture, [warning('a'), warning('b')])

    expect(result.warnings.map(({ text, pluginName }) => `${pluginName} ${text}`)).toEqual([
      'a from a',
      'b from b',
    ])
    expect(result.warnings[0]?.location).toMatchObject({
      file: 'entry.ts',
      line: 1,
      column: 6,
      lineText: 'const ä = 1',
    })
  })

  test('calls buildStart and buildEnd of every build once', async () => {
    await using fixture = await createFixture(words)
    const log: string[] = []
    const plugin = (name: string): FusedPlugin => ({
      name,
      buildStart: () => void log.push(`start ${name}`),
      buildEnd: () => void log.push(`end ${name}`),
    })

    await buildWith(fixture, [plugin('a'), plugin('b')])

    expect(log).toEqual(['start a', 'start b', 'end a', 'end b'])
  })
})
