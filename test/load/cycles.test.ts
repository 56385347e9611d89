import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cyclesOf } from '../../src/load/cycles.ts'

describe('cyclesOf()', () => {
  test('finds nothing in a graph without cycles, however it branches', () => {
    const imports = new Map([
      ['a', ['b', 'c']],
      ['b', ['d']],
      ['c', ['d']],
    ])

    expect(cyclesOf(imports)).toEqual([])
  })

  test('lists each cycle once, in import order, from its first name on', () => {
    const imports = new Map([
      ['main', ['c']],
      ['c', ['a']],
      ['a', ['b']],
      ['b', ['c']],
      ['x', ['y']],
      ['y', ['x']],
    ])

    expect(cyclesOf(imports)).toEqual([
      ['a', 'b', 'c'],
      ['x', 'y'],
    ])
  })

  test('lists a module that imports itself', () => {
    expect(cyclesOf(new Map([['a', ['a']]]))).toEqual([['a']])
  })

  test('lists both loops of an eight', () => {
    const imports = new Map([
      ['a', ['m']],
      ['m', ['a', 'z']],
      ['z', ['m']],
    ])

    expect(cyclesOf(imports)).toEqual([
      ['a', 'm'],
      ['m', 'z'],
    ])
  })

  test('walks a chain of 20,000 modules', () => {
    const names = Array.from({ length: 20_000 }, (_, index) => `m${index}`)
    const imports = new Map(names.map((name, index) => [name, [names[index + 1] ?? 'm0']]))

    expect(cyclesOf(imports)[0]).toHaveLength(20_000)
  })

  test('covers exactly the modules that can reach themselves, with real cycles', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')
    fc.assert(
      fc.property(fc.array(fc.tuple(name, name), { maxLength: 14 }), (edges) => {
        const imports = new Map<string, string[]>()
        for (const [from, to] of edges) imports.set(from, [...(imports.get(from) ?? []), to])

        const cycles = cyclesOf(imports)

        const covered = new Set(cycles.flat())
        const onCycle = ['a', 'b', 'c', 'd', 'e', 'f'].filter((one) => reaches(imports, one, one))
        expect([...covered].toSorted()).toEqual(onCycle)
        for (const cycle of cycles) {
          expect(new Set(cycle).size).toBe(cycle.length)
          for (const [index, from] of cycle.entries()) {
            expect(imports.get(from)).toContain(cycle[(index + 1) % cycle.length])
          }
        }
        expect(new Set(cycles.map(String)).size).toBe(cycles.length)
      }),
    )
  })
})

function reaches(
  imports: ReadonlyMap<string, readonly string[]>,
  from: string,
  to: string,
): boolean {
  const seen = new Set<string>()
  const front = [...(imports.get(from) ?? [])]
  for (let at = front.pop(); at !== undefined; at = front.pop()) {
    if (at === to) return true
    if (seen.has(at)) continue
    seen.add(at)
    front.push(...(imports.get(at) ?? []))
  }
  return false
}
