import { describe, expect, test } from 'vitest'
import { entryGraph } from '../../src/bundle/entry-graph.ts'
import type { EsbuildMetafile } from '../../src/bundle/esbuild.ts'

function metafile(...paths: string[]): EsbuildMetafile {
  const kind = 'import-statement' as const
  const imports = paths.map((path) => ({ path, kind, original: path }))
  const inputs = Object.fromEntries(paths.map((path) => [path, { bytes: 1, imports: [] }]))
  return { inputs: { 'entry.ts': { bytes: 1, imports }, ...inputs }, outputs: {} }
}

describe('entryGraph()', () => {
  test('names a file without the query or fragment that it is imported with', () => {
    const graph = entryGraph(
      metafile('a.css?module', 'a.css', 'b.svg#x'),
      'entry.ts',
      '',
      () => false,
    )

    expect(Object.keys(graph.inputs)).toEqual(['entry.ts', 'a.css', 'b.svg'])
    expect(graph.inputs['entry.ts']?.imports.map(({ path }) => path)).toEqual([
      'a.css',
      'a.css',
      'b.svg',
    ])
  })

  test('keeps the name of a file that is really called so', () => {
    const graph = entryGraph(metafile('a#b.ts'), 'entry.ts', '', (path) => path === 'a#b.ts')

    expect(Object.keys(graph.inputs)).toEqual(['entry.ts', 'a#b.ts'])
  })

  test('keeps the names of modules that are no files', () => {
    const names = ['plugin:https://host.test/a.js?v=1', 'virtual:x?y']

    const graph = entryGraph(metafile(...names), 'entry.ts', '', () => false)

    expect(Object.keys(graph.inputs)).toEqual(['entry.ts', ...names])
  })
})
