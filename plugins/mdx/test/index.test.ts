import { join } from 'node:path'
import { TraceMap, originalPositionFor } from '@jridgewell/trace-mapping'
import { describe, expect, test } from 'vitest'
import { isSomonError, type SomonError } from '../../../src/base/error.ts'
import { pluginContract } from '../../../src/module/plugin-contract.ts'
import { PluginWorkbench } from '../../../src/module/plugin-workbench.ts'
import { buildWith } from '../../../test/bundle/plugin-build.ts'
import { createFixture, type Fixture } from '../../../test/support/fixture.ts'
import { mdx, type MdxOptions } from '../src/index.ts'

const fixture = join(import.meta.dirname, '../fixture')
const own: MdxOptions = { jsxImportSource: '#html' }

describe('pluginContract(mdx)', () => {
  const contract = pluginContract({
    create: () => mdx(own),
    createOther: () => mdx({ ...own, jsx: true }),
    fixture,
    entry: 'src/main.ts',
    expected: { html: '<h1>Hello</h1>\n<p>Written by <em>Ada</em>, 2 times.</p>', title: 'Hello' },
    change: {
      file: 'src/post.mdx',
      contents: `export const title = 'Bye'\n\n- {title}`,
      expected: { html: '<ul>\n<li>\nBye\n</li>\n</ul>', title: 'Bye' },
    },
    broken: { file: 'src/post.mdx', contents: '# {', code: 'SOMON_MDX_SYNTAX' },
  })
  test.each([...contract])('$name', async ({ run }) => {
    await expect(run()).resolves.toBeUndefined()
  })
})

function project(post: string): Promise<Fixture> {
  return createFixture({
    'entry.ts': `export * from './post.mdx'; export { default } from './post.mdx'`,
    'post.mdx': post,
    'h/jsx-runtime.ts': `export const jsx = (type, { children }) => typeof type === 'function' ? type({ children }) : [type, children]
      export const jsxs = jsx, Fragment = 'fragment'`,
    'package.json':
      '{ "type": "module", "imports": { "#h/*": "./h/*.ts", "#provider": "./provider.ts" } }',
    'provider.ts': `export const useMDXComponents = () => ({ h1: 'provided' })`,
  })
}

async function load(post: string, options?: MdxOptions): Promise<Record<string, unknown>> {
  await using files = await project(post)
  await using bench = await PluginWorkbench.open(
    files.root,
    mdx({ jsxImportSource: '#h', ...options }),
  )
  return { ...(await bench.load('entry.ts')) }
}

async function errorOf(post: string, options?: MdxOptions): Promise<SomonError> {
  const error: unknown = await load(post, options).catch((thrown: unknown) => thrown)
  if (!isSomonError(error)) throw new Error(`expected a coded error, got ${String(error)}`)
  return error
}

const shout = () => (tree: { children: { children: { value: string }[] }[] }) => {
  const [text] = tree.children[0]?.children ?? []
  if (text) text.value = text.value.toUpperCase()
}

const nothing = (): undefined => undefined

describe('mdx()', () => {
  test('shows where the syntax is wrong', async () => {
    const error = await errorOf('# ok\n\nä <b>text</i>\n')

    expect(error.code).toBe('SOMON_MDX_SYNTAX')
    expect(error.location).toMatchObject({ file: 'post.mdx', line: 3, column: 10 })
    expect(error.frame).toContain('> 3 | ä <b>text</i>\n    |          ^')
    expect(error.fix).toContain('\\{')
  })

  test('runs remark, rehype and recma plugins', async () => {
    const { default: Content } = await load('quiet', { remarkPlugins: [shout], cacheKey: 'shout' })

    expect((Content as (props: object) => unknown)({})).toEqual(['p', 'QUIET'])
  })

  test('takes components from a provider', async () => {
    const { default: Content } = await load('# x', { providerImportSource: '#provider' })

    expect((Content as (props: object) => unknown)({})).toEqual(['provided', 'x'])
  })

  test('has no cache key for plugins that nothing stands for', () => {
    expect(mdx({ rehypePlugins: [nothing] }).cacheKey).toBeUndefined()
    expect(mdx({ rehypePlugins: [nothing], cacheKey: 'v1' }).cacheKey).not.toBe(
      mdx({ rehypePlugins: [nothing], cacheKey: 'v2' }).cacheKey,
    )
    expect(mdx({ rehypePlugins: [] }).cacheKey).toBe(mdx().cacheKey)
  })

  test('keeps JSX for esbuild when told so', async () => {
    await using files = await project('# x')

    const { code } = await buildWith(files, [mdx({ jsx: true })], {
      esbuild: {
        jsx: 'preserve',
        platform: 'neutral',
        format: 'esm',
        external: ['react'],
        entryPoints: ['post.mdx'],
      },
      run: false,
    })

    expect(code).toContain('<_components.h1>{"x"}</_components.h1>')
  })

  test('maps the code back to the lines of the file', async () => {
    await using files = await project(
      '# one\n\nexport const here = () => { throw new Error("boom") }\n\nlast',
    )

    const { result, code } = await buildWith(files, [mdx({ jsxImportSource: '#h' })], {
      esbuild: { sourcemap: 'external' },
    })

    const text = result.outputFiles.find((file) => file.path.endsWith('.map'))?.text ?? ''
    const line = code.split('\n').findIndex((row) => row.includes('boom')) + 1
    const column = code.split('\n')[line - 1]?.indexOf('throw') ?? 0
    expect(originalPositionFor(new TraceMap(text), { line, column })).toMatchObject({
      source: expect.stringMatching(/post\.mdx$/),
      line: 3,
    })
  })

  test('leaves the text to import attributes', async () => {
    await using files = await createFixture({
      'entry.ts': `export { default as text } from './a.mdx' with { type: 'text' }`,
      'a.mdx': '# {',
    })
    await using bench = await PluginWorkbench.open(files.root, mdx())

    expect((await bench.load('entry.ts')).text).toBe('# {')
  })
})
