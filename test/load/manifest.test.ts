import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { digest } from '../../src/base/digest.ts'
import type { Variant } from '../../src/load/manifest.ts'
import {
  MAX_VARIANTS,
  parseVariants,
  referencesOf,
  serialiseVariants,
  withoutStats,
  withVariant,
} from '../../src/load/manifest.ts'
import { ModelFs } from './support/model-fs.ts'

const KEY = digest('key')
const SIGHTING = { boot: 'a', seenAt: 9, size: 5, mtimeMs: 1.5, ctimeMs: 2.5, ino: 7 }

function variant(name: string): Variant {
  const fs = new ModelFs()
  fs.write('src/a.ts', name, 1_700_000_000_000.25)
  fs.dirs.set('src', { mtimeMs: 12.5, names: 'a' })
  fs.links.set('node_modules/x', '../x')
  fs.variables.set('MODE', name)
  const manifest = fs.manifest(99, { artifact: digest(name), absent: ['src/a.js'] })
  const blob = digest(`blob ${name}`)
  const graph = digest(`graph ${name}`)
  return { manifest, blob, graph, blobs: [blob, graph], seen: [[`blobs/${blob}`, SIGHTING]] }
}

describe('parseVariants()', () => {
  test('reads back what serialiseVariants() wrote', () => {
    const variants = [variant('a'), variant('b')]

    const parsed = parseVariants(serialiseVariants(variants), KEY)

    expect(parsed).toEqual(variants)
  })

  test('refuses a record for another key', () => {
    const bytes = serialiseVariants([variant('a')])

    expect(parseVariants(bytes, digest('other'))).toBeUndefined()
  })

  test('refuses a record that lacks any member, at any depth', () => {
    const whole: unknown = JSON.parse(Buffer.from(serialiseVariants([variant('a')])).toString())
    const paths = [...memberPaths(whole)]

    const accepted = paths.filter((path) => {
      const record: unknown = structuredClone(whole)
      removeAt(record, path)
      return parseVariants(Buffer.from(JSON.stringify(record)), KEY) !== undefined
    })

    expect(paths.length).toBeGreaterThan(30)
    // Rows of a list may be fewer: the checksum of the file tells, the form cannot.
    expect(accepted.filter((path) => typeof path.at(-1) === 'string')).toEqual([])
  })

  test('refuses any value of another type', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(), (value, pick) => {
        const record: unknown = JSON.parse(
          Buffer.from(serialiseVariants([variant('a')])).toString(),
        )
        const paths = [...memberPaths(record)]
        const path = paths[pick % paths.length] ?? []
        const before = JSON.stringify(record)
        const wasType = setAt(record, path, value)
        fc.pre(JSON.stringify(record) !== before && wasType !== typeOf(value))

        expect(parseVariants(Buffer.from(JSON.stringify(record)), KEY)).toBeUndefined()
      }),
    )
  })

  test('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(parseVariants(bytes, KEY)).toBeUndefined()
        expect(referencesOf(bytes)).toEqual([])
      }),
    )
  })
})

describe('referencesOf()', () => {
  test('names the blobs and the map of every state', () => {
    const [a, b] = [variant('a'), variant('b')]

    const references = referencesOf(serialiseVariants([a, b]))

    expect(references).toEqual([
      `blobs/${a.blob}`,
      `blobs/${a.graph}`,
      `maps/${a.manifest.artifact}`,
      `blobs/${b.blob}`,
      `blobs/${b.graph}`,
      `maps/${b.manifest.artifact}`,
    ])
  })
})

describe('withVariant()', () => {
  test('puts the newest first, once, and lets the oldest go', () => {
    const names = ['a', 'b', 'c', 'a', 'd', 'e']

    const variants = names.reduce<readonly Variant[]>(
      (before, name) => withVariant(before, variant(name)),
      [],
    )

    const order = variants.map(({ manifest }) => manifest.artifact)
    expect(order).toEqual(['e', 'd', 'a', 'c'].map((name) => digest(name)))
    expect(order).toHaveLength(MAX_VARIANTS)
  })
})

describe('withoutStats()', () => {
  test('keeps contents and leaves out what one machine knows', () => {
    const { manifest } = variant('a')

    const portable = withoutStats(manifest)

    const hash = manifest.files[0]?.[1]
    expect(portable.files).toEqual([['src/a.ts', hash, 1, 0, 0, 0, 'bundle']])
    expect(portable.dirs).toEqual([['src', 0, manifest.dirs[0]?.[2]]])
    expect(portable.validatedAt).toBe(0)
    expect(portable.symlinks).toEqual(manifest.symlinks)
  })
})

type Path = readonly (string | number)[]

function* memberPaths(value: unknown, at: Path = []): Generator<Path> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      yield [...at, index]
      yield* memberPaths(item, [...at, index])
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, member] of Object.entries(value)) {
      yield [...at, name]
      yield* memberPaths(member, [...at, name])
    }
  }
}

function parentAt(root: unknown, path: Path): Record<string | number, unknown> {
  let parent = root as Record<string | number, unknown>
  for (const name of path.slice(0, -1)) parent = parent[name] as Record<string | number, unknown>
  return parent
}

function removeAt(root: unknown, path: Path): void {
  const parent = parentAt(root, path)
  const name = path.at(-1) ?? ''
  if (Array.isArray(parent)) parent.splice(Number(name), 1)
  else delete parent[name]
}

function setAt(root: unknown, path: Path, value: unknown): string {
  const parent = parentAt(root, path)
  const name = path.at(-1) ?? ''
  const was = typeOf(parent[name])
  parent[name] = value
  return was
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  return value === null ? 'null' : typeof value
}
