import type { RelPath } from '../base/project-path.ts'

/** Who imports what, in the order of the import statements. */
export type ImportLists = ReadonlyMap<RelPath, readonly RelPath[]>

/**
 * Finds the import cycles: for every module that lies on one, a shortest cycle through it.
 *
 * Each cycle is listed once, from its alphabetically first module on, in import order. A graph
 * may hold exponentially many cycles; breaking all of those listed breaks every cycle through
 * the modules of these, which is what a reader needs.
 */
export function cyclesOf(imports: ImportLists): readonly (readonly RelPath[])[] {
  const found = new Map<string, readonly RelPath[]>()
  for (const component of componentsOf(imports)) {
    const members = new Set(component)
    const covered = new Set<RelPath>()
    for (const start of component.toSorted()) {
      if (covered.has(start)) continue
      const cycle = shortestCycle(start, members, imports)
      if (cycle === undefined) continue
      for (const path of cycle) covered.add(path)
      const turned = fromSmallest(cycle)
      found.set(turned.join('\0'), turned)
    }
  }
  return [...found.keys()].toSorted().map((key) => found.get(key) ?? [])
}

/** Breadth first, within one strongly connected component, back to where it started. */
function shortestCycle(
  start: RelPath,
  members: ReadonlySet<RelPath>,
  imports: ImportLists,
): readonly RelPath[] | undefined {
  const cameFrom = new Map<RelPath, RelPath>()
  let front = [start]
  while (front.length > 0) {
    const next: RelPath[] = []
    for (const path of front) {
      for (const imported of imports.get(path) ?? []) {
        if (imported === start) return pathTo(path, start, cameFrom)
        if (!members.has(imported) || cameFrom.has(imported)) continue
        cameFrom.set(imported, path)
        next.push(imported)
      }
    }
    front = next
  }
  return undefined
}

function pathTo(
  last: RelPath,
  start: RelPath,
  cameFrom: ReadonlyMap<RelPath, RelPath>,
): readonly RelPath[] {
  const path = [last]
  for (let at = last; at !== start;) {
    at = cameFrom.get(at) ?? start
    path.push(at)
  }
  return path.toReversed()
}

function fromSmallest(cycle: readonly RelPath[]): readonly RelPath[] {
  const first = cycle.reduce(
    (least, path, index) => (path < (cycle[least] ?? '') ? index : least),
    0,
  )
  return [...cycle.slice(first), ...cycle.slice(0, first)]
}

/**
 * Tarjan's strongly connected components, those of one module without a self import left out.
 * Iterative: import chains of thousands of modules would overflow the stack.
 */
function componentsOf(imports: ImportLists): RelPath[][] {
  const state: TarjanState = { index: new Map(), low: new Map(), stack: [], onStack: new Set() }
  const components: RelPath[][] = []
  for (const root of imports.keys()) {
    if (!state.index.has(root)) walk(root, imports, state, components)
  }
  return components.filter(
    ([first, ...others]) =>
      first !== undefined && (others.length > 0 || imports.get(first)?.includes(first) === true),
  )
}

interface TarjanState {
  readonly index: Map<RelPath, number>
  readonly low: Map<RelPath, number>
  readonly stack: RelPath[]
  readonly onStack: Set<RelPath>
}

function walk(
  root: RelPath,
  imports: ImportLists,
  state: TarjanState,
  components: RelPath[][],
): void {
  const frames = [enter(root, imports, state)]
  for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
    const { value: next, done } = frame.rest.next()
    if (done === true) {
      frames.pop()
      const parent = frames.at(-1)
      if (parent !== undefined) lower(state, parent.path, state.low.get(frame.path))
      if (state.low.get(frame.path) === state.index.get(frame.path)) {
        components.push(popComponent(frame.path, state))
      }
    } else if (!state.index.has(next)) frames.push(enter(next, imports, state))
    else if (state.onStack.has(next)) lower(state, frame.path, state.index.get(next))
  }
}

function enter(
  path: RelPath,
  imports: ImportLists,
  state: TarjanState,
): { readonly path: RelPath; readonly rest: ArrayIterator<RelPath> } {
  state.low.set(path, state.index.size)
  state.index.set(path, state.index.size)
  state.stack.push(path)
  state.onStack.add(path)
  return { path, rest: (imports.get(path) ?? []).values() }
}

function lower(state: TarjanState, path: RelPath, to = Number.POSITIVE_INFINITY): void {
  state.low.set(path, Math.min(state.low.get(path) ?? to, to))
}

function popComponent(path: RelPath, state: TarjanState): RelPath[] {
  const members = state.stack.splice(state.stack.lastIndexOf(path))
  for (const member of members) state.onStack.delete(member)
  return members
}
