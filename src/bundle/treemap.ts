import { hierarchy, treemap, treemapSquarify } from 'd3-hierarchy'

/** A box of the treemap: a folder, or a file without children. Sides are parts of 1. */
export interface TreemapBox {
  readonly name: string
  /** From the top; a folder's path ends with `/`. */
  readonly path: string
  readonly bytes: number
  readonly x0: number
  readonly y0: number
  readonly x1: number
  readonly y1: number
  readonly children: readonly TreemapBox[]
}

/**
 * Lays files out by their bytes, folders around their files.
 *
 * Folders with a single folder in them are drawn as one, and files that contribute nothing are
 * left out. The layout is made for a page of `aspect` times its height and scales with it.
 */
export function layoutTreemap(
  files: ReadonlyMap<string, number>,
  aspect: number = 16 / 9,
): TreemapBox {
  const top = folder('', '')
  for (const [path, bytes] of files) if (bytes > 0) place(top, path, bytes)
  const root = hierarchy<Node>(collapse(top), (node) => [...node.children.values()])
    .sum((node) => node.bytes)
    // oxlint-disable-next-line unicorn/no-array-sort -- d3's own method
    .sort((a, b) => (b.value ?? 0) - (a.value ?? 0))
  const layout = treemap<Node>().tile(treemapSquarify).size([aspect, 1])
  return boxOf(layout(root), aspect)
}

interface Node {
  readonly name: string
  readonly path: string
  /** Own bytes: 0 for a folder. */
  readonly bytes: number
  readonly children: Map<string, Node>
}

type Laid = ReturnType<ReturnType<typeof treemap<Node>>>

function folder(name: string, path: string): Node {
  return { name, path, bytes: 0, children: new Map() }
}

function place(top: Node, path: string, bytes: number): void {
  const segments = path.split('/')
  const name = segments.pop() ?? path
  let at = top
  for (const segment of segments) {
    let next = at.children.get(`${segment}/`)
    if (next === undefined) {
      next = folder(segment, `${at.path}${segment}/`)
      at.children.set(`${segment}/`, next)
    }
    at = next
  }
  at.children.set(name, { name, path, bytes, children: new Map() })
}

function collapse(node: Node): Node {
  const children = [...node.children].map(([key, child]) => [key, collapse(child)] as const)
  const [only] = children
  const isChain = children.length === 1 && only !== undefined && only[1].children.size > 0
  if (!isChain) return { ...node, children: new Map(children) }
  const name = node.name === '' ? only[1].name : `${node.name}/${only[1].name}`
  return { ...only[1], name }
}

function boxOf(node: Laid, aspect: number): TreemapBox {
  return {
    name: node.data.name,
    path: node.data.path,
    bytes: node.value ?? 0,
    x0: part(node.x0 / aspect),
    y0: part(node.y0),
    x1: part(node.x1 / aspect),
    y1: part(node.y1),
    children: (node.children ?? []).map((child) => boxOf(child, aspect)),
  }
}

/** Six digits are a thousandth of a pixel, and a third of the text. */
function part(value: number): number {
  return Math.round(value * 1e6) / 1e6
}
