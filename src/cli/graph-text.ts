import type { RelPath } from '../base/project-path.ts'
import { formatBytes } from '../base/units.ts'
import type { GraphModule, ModuleGraph } from '../load/module-graph.ts'

/** How much of a graph is shown. */
export interface GraphView {
  /** Levels below the entries; Infinity shows all. */
  readonly depth: number
  /** Dims what is said about a module. */
  readonly dim: (text: string) => string
}

/** Draws the imports of each entry as a tree; what was drawn before is named only. */
export function renderTree(graph: ModuleGraph, view: GraphView): string {
  const modules = new Map(graph.modules.map((module) => [module.path, module]))
  const drawn = new Set<RelPath>()
  const lines: string[] = []
  const draw = (path: RelPath, first: string, rest: string, above: readonly RelPath[]): void => {
    const module = modules.get(path)
    const isCycle = above.includes(path)
    const isRepeated = drawn.has(path) && (module?.imports.length ?? 0) > 0
    const note = isCycle ? 'cycle' : isRepeated ? 'see above' : noteOf(module)
    lines.push(`${first}${path} ${view.dim(note)}`.trimEnd())
    if (isCycle || isRepeated || above.length >= view.depth) return
    drawn.add(path)
    const targets = [...new Set((module?.imports ?? []).map((item) => item.path))]
    for (const [index, target] of targets.entries()) {
      const last = index === targets.length - 1
      const [branch, below] = last ? ['└─ ', '   '] : ['├─ ', '│  ']
      draw(target, rest + branch, rest + below, [...above, path])
    }
  }
  for (const entry of graph.entries) draw(entry, '', '', [])
  return lines.join('\n')
}

/** Prints the graph in the language of Graphviz. */
export function renderDot(graph: ModuleGraph, view: Pick<GraphView, 'depth'>): string {
  const shown = withinDepth(graph, view.depth)
  const lines = ['digraph modules {', '  rankdir=LR', '  node [shape=box fontname="sans-serif"]']
  for (const { path, kind, bytes } of shown) {
    const style = kind === 'source' ? '' : ' style=dashed'
    const label = kind === 'source' ? `${path}\\n${formatBytes(bytes)}` : path
    lines.push(`  ${quote(path)} [label=${quote(label)}${style}]`)
  }
  for (const [from, to, kind] of edgesOf(shown)) {
    const style = kind === 'dynamic-import' ? ' [style=dashed]' : ''
    lines.push(`  ${quote(from)} -> ${quote(to)}${style}`)
  }
  return [...lines, '}'].join('\n')
}

/** Prints the graph in the language of Mermaid; ids are numbers because paths are not allowed. */
export function renderMermaid(graph: ModuleGraph, view: Pick<GraphView, 'depth'>): string {
  const shown = withinDepth(graph, view.depth)
  const ids = new Map(shown.map(({ path }, index) => [path, `m${index}`]))
  const lines = ['flowchart LR']
  for (const { path, kind } of shown) {
    const text = `"${path.replaceAll('"', '#quot;')}"`
    lines.push(`  ${ids.get(path)}${kind === 'source' ? `[${text}]` : `([${text}])`}`)
  }
  for (const [from, to, kind] of edgesOf(shown)) {
    lines.push(`  ${ids.get(from)} ${kind === 'dynamic-import' ? '-.->' : '-->'} ${ids.get(to)}`)
  }
  return lines.join('\n')
}

/** Returns the part of a graph that lies within some levels below the entries. */
export function limitGraph(graph: ModuleGraph, depth: number): ModuleGraph {
  return depth === Infinity ? graph : { ...graph, modules: withinDepth(graph, depth) }
}

/** Finds the shortest chain of imports from an entry to a file; undefined when there is none. */
export function whyChain(graph: ModuleGraph, file: RelPath): readonly RelPath[] | undefined {
  const modules = new Map(graph.modules.map((module) => [module.path, module]))
  const chains = new Map<RelPath, readonly RelPath[]>(graph.entries.map((path) => [path, [path]]))
  // A map hands out what is added while it is walked: it is the queue of the search.
  for (const [path, chain] of chains) {
    if (path === file) return chain
    for (const { path: target } of modules.get(path)?.imports ?? []) {
      if (!chains.has(target)) chains.set(target, [...chain, target])
    }
  }
  return undefined
}

function noteOf(module: GraphModule | undefined): string {
  if (module === undefined) return ''
  return module.kind === 'source' ? formatBytes(module.bytes) : module.kind
}

function withinDepth(graph: ModuleGraph, depth: number): readonly GraphModule[] {
  if (depth === Infinity) return graph.modules
  const modules = new Map(graph.modules.map((module) => [module.path, module]))
  const levels = new Map<RelPath, number>(graph.entries.map((path) => [path, 0]))
  for (const [path, level] of levels) {
    if (level >= depth) continue
    for (const { path: target } of modules.get(path)?.imports ?? []) {
      if (!levels.has(target)) levels.set(target, level + 1)
    }
  }
  return graph.modules.filter(({ path }) => levels.has(path))
}

function edgesOf(modules: readonly GraphModule[]): (readonly [RelPath, RelPath, string])[] {
  const shown = new Set(modules.map(({ path }) => path))
  const seen = new Set<string>()
  const edges: (readonly [RelPath, RelPath, string])[] = []
  for (const { path, imports } of modules) {
    for (const { path: target, kind } of imports) {
      const name = `${path}\0${target}`
      if (!shown.has(target) || seen.has(name)) continue
      seen.add(name)
      edges.push([path, target, kind])
    }
  }
  return edges
}

/** Graphviz knows `\"` and leaves `\n` in a label to the drawing. */
function quote(text: string): string {
  return `"${text.replaceAll('"', '\\"')}"`
}
