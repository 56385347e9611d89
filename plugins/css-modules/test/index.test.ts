import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isSomonError, type SomonError } from '../../../src/base/error.ts'
import { pluginContract } from '../../../src/module/plugin-contract.ts'
import { PluginWorkbench } from '../../../src/module/plugin-workbench.ts'
import { createFixture } from '../../../test/support/fixture.ts'
import { cssModules, type CssModulesOptions } from '../src/index.ts'

const fixture = join(import.meta.dirname, '../fixture')

function expectPage(exports: Readonly<Record<string, unknown>>): void {
  const html = (exports.page as (title: string) => string)('Hello')
  expect(exports.names).toEqual(['accent', 'card', 'card-title'])
  expect(html).toMatch(/<div class="card_card_[\w-]{6} layout_box_[\w-]{6}">/)
  expect(html).toMatch(
    /<h1 class="card_card-title_[\w-]{6} card_card_[\w-]{6} layout_box_[\w-]{6}">/,
  )
  expect(html).toMatch(/^<style>\.layout_box_[\w-]{6} \{\s+display: grid;\s+\}\s+\.card_card_/)
  expect(html).toContain('border-color: #1a2b3c;')
  expect(html).toMatch(/\.dark \.card_card_[\w-]{6} \{/)
}

function expectRed(exports: Readonly<Record<string, unknown>>): void {
  expect((exports.page as (title: string) => string)('')).toContain('border-color: red;')
}

describe('pluginContract(cssModules)', () => {
  const contract = pluginContract({
    create: () => cssModules(),
    createOther: () => cssModules({ scopedName: '[local]' }),
    fixture,
    entry: 'src/main.ts',
    expected: expectPage,
    change: {
      file: 'src/theme.css',
      contents: '@value accent: red;',
      expected: expectRed,
    },
    broken: { file: 'src/layout.css', contents: '.box {', code: 'SOMON_CSS_MODULES_SYNTAX' },
  })
  test.each([...contract])('$name', async ({ run }) => {
    await expect(run()).resolves.toBeUndefined()
  })
})

/** Builds a sheet (and files beside it) and runs the module. */
async function load(
  css: string,
  options?: CssModulesOptions,
  files: Record<string, string> = {},
): Promise<Record<string, unknown>> {
  await using project = await createFixture({
    'entry.ts': `export * from './a.module.css'; export { default } from './a.module.css'`,
    'a.module.css': css,
    ...files,
  })
  await using bench = await PluginWorkbench.open(project.root, cssModules(options))
  return { ...(await bench.load('entry.ts')) }
}

async function errorOf(...args: Parameters<typeof load>): Promise<SomonError> {
  const error: unknown = await load(...args).catch((thrown: unknown) => thrown)
  if (!isSomonError(error)) throw new Error(`expected a coded error, got ${String(error)}`)
  return error
}

describe('cssModules()', () => {
  test('names classes by file, name and hash of the path, which another content keeps', async () => {
    const first = await load('.a { color: red }')
    const second = await load('.a { color: blue } .b {}')

    expect(first.a).toMatch(/^a_a_[\w-]{6}$/)
    expect(second.a).toBe(first.a)
    expect(first.default).toEqual({ a: first.a })
  })

  test('gives equal names in different folders different classes', async () => {
    await using project = await createFixture({
      'entry.ts': `export { x as a } from './one/s.module.css'; export { x as b } from './two/s.module.css'`,
      'one/s.module.css': '.x {}',
      'two/s.module.css': '.x {}',
    })
    await using bench = await PluginWorkbench.open(project.root, cssModules())

    const { a, b } = await bench.load('entry.ts')

    expect(a).not.toBe(b)
  })

  test('makes names that CSS needs no escape for', async () => {
    const { default: names } = await load('.x {}', { scopedName: '9[local].[name]+' })

    expect(names).toEqual({ x: '_9x_a_' })
  })

  test('demands the local name in the pattern', () => {
    expect(() => cssModules({ scopedName: '[hash]' })).toThrow('it needs "[local]"')
  })

  test('exports names of every form, camelCase ones when told so', async () => {
    const plain = await load(
      '.a-b {} .default {} .class {} #id {} @keyframes spin { to { top: 0 } }',
    )
    const camel = await load('.a-b {}', { camelCase: true })

    expect(Object.keys(plain.default as object).toSorted()).toEqual([
      'a-b',
      'class',
      'default',
      'id',
      'spin',
    ])
    expect(plain['a-b']).toMatch(/^a_a-b_/)
    expect(camel.aB).toBe(camel['a-b'])
  })

  test('replaces the names in the text, keyframes too, and leaves global ones', async () => {
    const { cssText, spin, a } = await load(
      '.a { animation: spin 1s } :global(.g) .a {} @keyframes spin { to { top: 0 } }',
    )

    expect(cssText).toContain(`.${String(a)} { animation: ${String(spin)} 1s }`)
    expect(cssText).toContain(`.g .${String(a)} {}`)
    expect(cssText).toContain(`@keyframes ${String(spin)} {`)
  })

  test('keeps apart placeholders of which one begins another', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `v${index}`)
    const { cssText } = await load(
      `@value ${names.join(', ')} from './v.css';\n.a { margin: ${names.join(' ')} }`,
      {},
      { 'v.css': names.map((name, index) => `@value ${name}: ${index}px;`).join('\n') },
    )

    expect(cssText).toContain(`margin: ${names.map((_, index) => `${index}px`).join(' ')} }`)
  })

  test('fails the build for a name that a composed file does not have', async () => {
    const error = await errorOf(`.a { composes: missing from './b.css' }`, {}, { 'b.css': '.b {}' })

    expect(error.message).toContain('o matching export in "b.css?css-module" for import "missing"')
  })

  test('shows where the style sheet is wrong', async () => {
    const error = await errorOf('.ok {}\n.a {\n  color\n}')

    expect(error.code).toBe('SOMON_CSS_MODULES_SYNTAX')
    expect(error.location).toEqual({ file: 'a.module.css', line: 3, column: 3 })
    expect(error.frame).toContain('> 3 |   color')
  })

  test('refuses rules without a local name in pure mode', async () => {
    const error = await errorOf('h1 { color: red }', { mode: 'pure' })

    expect(error.code).toBe('SOMON_CSS_MODULES_SYNTAX')
    expect(error.location?.line).toBe(1)
  })

  test('exports the text under another name or not at all', async () => {
    expect((await load('.cssText {}', { textExport: 'sheet' })).sheet).toMatch(/^\.a_cssText_/)
    expect(Object.keys(await load('.a {}', { textExport: false }))).toEqual(['a', 'default'])
  })

  test('refuses a name that is the export of the text', async () => {
    expect((await errorOf('.cssText {}')).code).toBe('SOMON_CSS_MODULES_NAME_TAKEN')
  })

  test('leaves style sheets of other names and the text attribute alone', async () => {
    await using project = await createFixture({
      'entry.ts': `export { default as a } from './a.css'; export { default as b } from './b.module.css' with { type: 'text' }`,
      'a.css': '.a {}',
      'b.module.css': '.b {}',
    })
    await using bench = await PluginWorkbench.open(project.root, cssModules())

    expect({ ...(await bench.load('entry.ts')) }).toEqual({ a: '.a {}', b: '.b {}' })
  })
})
