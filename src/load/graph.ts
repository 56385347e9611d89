import type { RelPath } from '../base/project-path.ts'
import type { BuildMetafile } from '../bundle/metafile.ts'
import type { GraphModule, ModuleGraph } from './module-graph.ts'
import { cyclesOf } from './cycles.ts'

/** One entry with what its build saw; an entry that never built has no metafile. */
export interface GraphSource {
  readonly entry: RelPath
  readonly metafile: BuildMetafile | undefined
}

/** Joins the builds of entries into one graph; everything is sorted, so equal input prints equally. */
export function moduleGraph(sources: Iterable<GraphSource>, isBuiltin: IsBuiltin): ModuleGraph {
  const nodes = new Map<RelPath, Node>()
  const entries = new Set<RelPath>()
  for (const source of sources) {
    entries.add(source.entry)
    if (source.metafile === undefined)
      nodeOf(nodes, source.entry, 'source').entries.add(source.entry)
    else addBuild(nodes, source.entry, source.metafile, isBuiltin)
  }
  for (const [path, node] of nodes) {
    for (const imported of node.imports.keys()) nodes.get(imported)?.importers.add(path)
  }
  return {
    entries: sorted(entries),
    modules: sorted(nodes.keys()).map((path) => graphModule(path, nodes.get(path))),
    cycles: cyclesOf(new Map([...nodes].map(([path, node]) => [path, [...node.imports.keys()]]))),
  }
}

/** Tells whether a specifier names a module of Node. */
export type IsBuiltin = (specifier: string) => boolean

interface Node {
  readonly kind: GraphModule['kind']
  bytes: number
  readonly imports: Map<RelPath, string>
  readonly importers: Set<RelPath>
  readonly entries: Set<RelPath>
}

function addBuild(
  nodes: Map<RelPath, Node>,
  entry: RelPath,
  metafile: BuildMetafile,
  isBuiltin: IsBuiltin,
): void {
  for (const [path, input] of Object.entries(metafile.inputs)) {
    const node = nodeOf(nodes, path, 'source')
    node.bytes = input.bytes
    node.entries.add(entry)
    for (const imported of input.imports) {
      node.imports.set(imported.path, imported.kind)
      const outside = isBuiltin(imported.path) ? 'builtin' : 'external'
      const target = nodeOf(nodes, imported.path, imported.external ? outside : 'source')
      target.entries.add(entry)
    }
  }
}

function nodeOf(nodes: Map<RelPath, Node>, path: RelPath, kind: GraphModule['kind']): Node {
  let node = nodes.get(path)
  if (node === undefined) {
    node = { kind, bytes: 0, imports: new Map(), importers: new Set(), entries: new Set() }
    nodes.set(path, node)
  }
  return node
}

function graphModule(path: RelPath, node: Node | undefined): GraphModule {
  return {
    path,
    kind: node?.kind ?? 'source',
    bytes: node?.bytes ?? 0,
    imports: [...(node?.imports ?? [])].map(([imported, kind]) => ({ path: imported, kind })),
    importers: sorted(node?.importers ?? []),
    entries: sorted(node?.entries ?? []),
  }
}

function sorted(paths: Iterable<RelPath>): RelPath[] {
  return [...paths].toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
}
