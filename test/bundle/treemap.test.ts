import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { layoutTreemap, type TreemapBox } from '../../src/bundle/treemap.ts'

describe('layoutTreemap()', () => {
  test('nests files in their folders and joins folders without a choice', () => {
    const box = layoutTreemap(
      new Map([
        ['src/app/a.ts', 30],
        ['src/app/b.ts', 10],
        ['z.ts', 60],
      ]),
    )

    expect(box.bytes).toBe(100)
    expect(box.children.map(({ name, path, bytes }) => [name, path, bytes])).toEqual([
      ['z.ts', 'z.ts', 60],
      ['src/app', 'src/app/', 40],
    ])
    expect(box.children[1]?.children.map(({ name }) => name)).toEqual(['a.ts', 'b.ts'])
  })

  test('leaves out what contributes nothing', () => {
    const box = layoutTreemap(
      new Map([
        ['a.ts', 1],
        ['b.ts', 0],
      ]),
    )

    expect(leaves(box).map(({ path }) => path)).toEqual(['a.ts'])
  })

  test('gives every file an area in proportion to its bytes, inside its folder', () => {
    const path = fc.array(fc.constantFrom('a', 'b', 'node_modules', 'x.ts'), {
      minLength: 1,
      maxLength: 4,
    })
    const files = fc.array(fc.tuple(path, fc.integer({ min: 1, max: 1e6 })), {
      minLength: 1,
      maxLength: 30,
    })

    fc.assert(
      fc.property(files, (rows) => {
        const sizes = new Map(
          rows.map(([segments, bytes], index) => [`${segments.join('/')}/${index}.ts`, bytes]),
        )
        const box = layoutTreemap(sizes)

        const total = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0)
        for (const leaf of leaves(box)) {
          const area = (leaf.x1 - leaf.x0) * (leaf.y1 - leaf.y0)
          expect(area).toBeCloseTo((sizes.get(leaf.path) ?? 0) / total, 3)
        }
        expect(leaves(box)).toHaveLength(sizes.size)
        expect(isNested(box)).toBe(true)
      }),
      { numRuns: 50 },
    )
  })
})

function leaves(box: TreemapBox): readonly TreemapBox[] {
  return box.children.length === 0 ? [box] : box.children.flatMap(leaves)
}

function isNested(box: TreemapBox): boolean {
  const slack = 1e-5
  return box.children.every(
    (child) =>
      child.x0 >= box.x0 - slack &&
      child.y0 >= box.y0 - slack &&
      child.x1 <= box.x1 + slack &&
      child.y1 <= box.y1 + slack &&
      isNested(child),
  )
}
