import { isBuiltin } from 'node:module'
import { describe, expect, test } from 'vitest'
import type { BuildMetafile, MetafileImport } from '../../src/bundle/metafile.ts'
import { moduleGraph } from '../../src/load/graph.ts'

function source(path: string): MetafileImport {
  return { path, kind: 'import-statement', external: false }
}

function outside(path: string): MetafileImport {
  return { path, kind: 'import-statement', external: true }
}

function metafile(inputs: Record<string, readonly MetafileImport[]>): BuildMetafile {
  return {
    inputs: Object.fromEntries(
      Object.entries(inputs).map(([path, imports]) => [
        path,
        { bytes: path.length, bytesInOutput: 1, imports },
      ]),
    ),
  }
}

describe('moduleGraph()', () => {
  test('joins entries and tells who imports whom', () => {
    const sources = [
      { entry: 'a.ts', metafile: metafile({ 'a.ts': [source('lib.ts')], 'lib.ts': [] }) },
      { entry: 'b.ts', metafile: metafile({ 'b.ts': [source('lib.ts')], 'lib.ts': [] }) },
    ]

    const graph = moduleGraph(sources, isBuiltin)

    expect(graph.entries).toEqual(['a.ts', 'b.ts'])
    expect(graph.modules.map(({ path }) => path)).toEqual(['a.ts', 'b.ts', 'lib.ts'])
    expect(graph.modules[2]).toEqual({
      path: 'lib.ts',
      kind: 'source',
      bytes: 6,
      imports: [],
      importers: ['a.ts', 'b.ts'],
      entries: ['a.ts', 'b.ts'],
    })
  })

  test('tells builtins from external packages', () => {
    const imports = [outside('node:fs'), outside('path'), outside('left-pad')]

    const graph = moduleGraph(
      [{ entry: 'a.ts', metafile: metafile({ 'a.ts': imports }) }],
      isBuiltin,
    )

    const kinds = Object.fromEntries(graph.modules.map(({ path, kind }) => [path, kind]))
    expect(kinds).toEqual({
      'a.ts': 'source',
      'left-pad': 'external',
      'node:fs': 'builtin',
      path: 'builtin',
    })
  })

  test('keeps an entry that never built', () => {
    const graph = moduleGraph([{ entry: 'broken.ts', metafile: undefined }], isBuiltin)

    expect(graph.entries).toEqual(['broken.ts'])
    expect(graph.modules).toMatchObject([{ path: 'broken.ts', entries: ['broken.ts'] }])
  })

  test('lists the cycles', () => {
    const inputs = { 'a.ts': [source('b.ts')], 'b.ts': [source('a.ts')] }

    const graph = moduleGraph([{ entry: 'a.ts', metafile: metafile(inputs) }], isBuiltin)

    expect(graph.cycles).toEqual([['a.ts', 'b.ts']])
  })
})
