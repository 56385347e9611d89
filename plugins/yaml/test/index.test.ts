import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isSomonError } from '../../../src/base/error.ts'
import { pluginContract } from '../../../src/module/plugin-contract.ts'
import { PluginWorkbench } from '../../../src/module/plugin-workbench.ts'
import { createFixture } from '../../../test/support/fixture.ts'
import { yaml, type YamlOptions } from '../src/index.ts'

const fixture = join(import.meta.dirname, '../fixture')

describe('pluginContract(yaml)', () => {
  const contract = pluginContract({
    create: () => yaml(),
    createOther: () => yaml({ documents: 'all' }),
    fixture,
    entry: 'src/main.ts',
    expected: { address: '127.0.0.1:8080', paths: ['/orders', '/health'], shared: true },
    change: {
      file: 'config/app.yaml',
      contents: 'service: { host: a, port: 1 }\nroutes: [{ path: /x }, { path: /y, limits: {} }]',
      expected: { address: 'a:1', paths: ['/x', '/y'], shared: false },
    },
    broken: { file: 'config/app.yaml', contents: 'a: [1', code: 'SOMON_YAML_SYNTAX' },
  })
  test.each([...contract])('$name', async ({ run }) => {
    await expect(run()).resolves.toBeUndefined()
  })
})

/** Imports one text as YAML; what the module exports. */
async function load(text: string, options?: YamlOptions): Promise<Record<string, unknown>> {
  await using project = await createFixture({
    'entry.ts': `export * from './a.yaml'; export { default } from './a.yaml'`,
    'a.yaml': text,
  })
  await using bench = await PluginWorkbench.open(project.root, yaml(options))
  return { ...(await bench.load('entry.ts')) }
}

async function errorOf(
  text: string,
  options?: YamlOptions,
): Promise<{ code: string; message: string; frame: string; location: unknown }> {
  const error: unknown = await load(text, options).catch((thrown: unknown) => thrown)
  if (!isSomonError(error)) throw new Error(`expected a coded error, got ${String(error)}`)
  const { code, message, frame = '', location } = error
  return { code, message, frame, location }
}

describe('yaml()', () => {
  test('exports top-level keys by name, identifiers or not', async () => {
    const exports = await load('one: 1\ntwo-parts: [a, null]\n"default": x\n__proto__: 2')

    expect(exports.one).toBe(1)
    expect(exports['two-parts']).toEqual(['a', null])
    expect(Object.keys(exports.default as object)).toEqual([
      'one',
      'two-parts',
      'default',
      '__proto__',
    ])
  })

  test('exports the default alone when told so, and for values that are no maps', async () => {
    expect(await load('a: 1', { namedExports: false })).toEqual({ default: { a: 1 } })
    expect(await load('- 1\n- 2')).toEqual({ default: [1, 2] })
    expect(await load('')).toEqual({ default: null })
  })

  test('keeps numbers that JSON does not know', async () => {
    const { default: list } = await load('[.inf, -.inf, .nan, -0.0, 1e3, 0x10]')

    expect(list).toEqual([Infinity, -Infinity, NaN, -0, 1000, 16])
  })

  test('keeps an alias the object of its anchor', async () => {
    const { default: value } = await load('a: &x { k: [1] }\nb: *x\nc: [*x]')

    const { a, b, c } = value as { a: object; b: object; c: object[] }
    expect(b).toBe(a)
    expect(c[0]).toBe(a)
  })

  test('imports several documents as a list when told so', async () => {
    expect(await load('a: 1\n---\n- 2\n', { documents: 'all' })).toEqual({
      default: [{ a: 1 }, [2]],
    })
  })

  test('refuses a second document otherwise', async () => {
    const error = await errorOf('a: 1\n---\nb: 2\n')

    expect(error.code).toBe('SOMON_YAML_SEVERAL_DOCUMENTS')
    expect(error.message).toBe('Cannot import "a.yaml": it holds 2 documents; expected one')
    expect(error.location).toMatchObject({ file: 'a.yaml', line: 2 })
  })

  test('shows where the syntax is wrong', async () => {
    const error = await errorOf('good: 1\nbad: }\nend: 2\n')

    expect(error.code).toBe('SOMON_YAML_SYNTAX')
    expect(error.location).toMatchObject({ file: 'a.yaml', line: 2, column: 6 })
    expect(error.frame).toContain('> 2 | bad: }\n    |      ^')
  })

  test('refuses a key that occurs twice', async () => {
    const error = await errorOf('a: 1\nb: 2\na: 3\n')

    expect(error.message).toContain('Map keys must be unique')
    expect(error.location).toMatchObject({ line: 3, column: 1 })
  })

  test('bounds the expansion of aliases', async () => {
    const lines = [
      'a: &a [x, x, x, x, x]',
      ...['b', 'c', 'd'].map(
        (key, i) => `${key}: &${key} [${Array(9).fill(`*${'abc'[i]}`).join(', ')}]`,
      ),
    ]

    expect((await errorOf(lines.join('\n'), { maxAliasCount: 10 })).code).toBe('SOMON_YAML_ALIASES')
    expect(Object.keys(await load(lines.join('\n'), { maxAliasCount: 1000 }))).toHaveLength(5)
  })

  test('refuses an alias to what surrounds it', async () => {
    const error = await errorOf('a: &a\n  self: *a\n')

    expect(error.code).toBe('SOMON_YAML_ALIASES')
  })

  test('reads a text as YAML 1.1 when told so', async () => {
    expect(await load('[yes, 010]')).toEqual({ default: ['yes', 10] })
    expect(await load('[yes, 010]', { version: '1.1' })).toEqual({ default: [true, 8] })
  })

  test('takes the files of its filter and leaves attributes their meaning', async () => {
    await using project = await createFixture({
      'entry.ts': `export { default as conf } from './a.conf'; export { default as text } from './b.yaml' with { type: 'text' }`,
      'a.conf': 'x: 1',
      'b.yaml': 'y: 2',
    })
    await using bench = await PluginWorkbench.open(
      project.root,
      yaml({ include: ['*.conf', /\.yaml$/] }),
    )

    expect({ ...(await bench.load('entry.ts')) }).toEqual({ conf: { x: 1 }, text: 'y: 2' })
  })
})
