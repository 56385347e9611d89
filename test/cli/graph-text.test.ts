import { describe, expect, test } from 'vitest'
import {
  limitGraph,
  renderDot,
  renderMermaid,
  renderTree,
  whyChain,
} from '../../src/cli/graph-text.ts'
import type { GraphModule, ModuleGraph } from '../../src/load/module-graph.ts'

const GRAPH: ModuleGraph = {
  entries: ['main.ts'],
  modules: [
    source('main.ts', ['a.ts', 'b.ts', 'node:fs']),
    source('a.ts', ['c"1".ts']),
    source('b.ts', ['a.ts', 'main.ts']),
    source('c"1".ts', []),
    { ...source('node:fs', []), kind: 'builtin' },
  ],
  cycles: [['b.ts', 'main.ts']],
}

const plain = { depth: Infinity, dim: (text: string): string => text }

describe('renderTree()', () => {
  test('draws each module once, marks cycles and repetitions', () => {
    expect(renderTree(GRAPH, plain)).toBe(
      [
        'main.ts 1 KiB',
        '├─ a.ts 1 KiB',
        '│  └─ c"1".ts 1 KiB',
        '├─ b.ts 1 KiB',
        '│  ├─ a.ts see above',
        '│  └─ main.ts cycle',
        '└─ node:fs builtin',
      ].join('\n'),
    )
  })

  test('stops at the depth', () => {
    expect(renderTree(GRAPH, { ...plain, depth: 1 }).split('\n')).toHaveLength(4)
  })
})

describe('renderDot()', () => {
  test('escapes names and draws every edge once', () => {
    const dot = renderDot(GRAPH, plain)

    expect(dot).toContain(String.raw`"c\"1\".ts" [label="c\"1\".ts\n1 KiB"]`)
    expect(dot).toContain('"node:fs" [label="node:fs" style=dashed]')
    expect(dot.match(/->/g)).toHaveLength(6)
    expect(dot.startsWith('digraph modules {') && dot.endsWith('}')).toBe(true)
  })
})

describe('renderMermaid()', () => {
  test('uses numbers as ids and draws every edge once', () => {
    const text = renderMermaid(GRAPH, plain)

    expect(text.split('\n')[0]).toBe('flowchart LR')
    expect(text).toContain('m3["c#quot;1#quot;.ts"]')
    expect(text).toContain('m4(["node:fs"])')
    expect(text.match(/ --> /g)).toHaveLength(6)
  })
})

describe('limitGraph()', () => {
  test('keeps what is within some levels of an entry', () => {
    const paths = limitGraph(GRAPH, 1).modules.map(({ path }) => path)

    expect(paths).toEqual(['main.ts', 'a.ts', 'b.ts', 'node:fs'])
  })
})

describe('whyChain()', () => {
  test('finds the shortest chain', () => {
    expect(whyChain(GRAPH, 'c"1".ts')).toEqual(['main.ts', 'a.ts', 'c"1".ts'])
  })

  test('is undefined for what no entry imports', () => {
    expect(whyChain(GRAPH, 'other.ts')).toBeUndefined()
  })
})

function source(path: string, imports: readonly string[]): GraphModule {
  return {
    ...{ path, kind: 'source', bytes: 1024, importers: [], entries: ['main.ts'] },
    imports: imports.map((target) => ({ path: target, kind: 'import-statement' })),
  }
}
