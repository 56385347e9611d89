import { describe, expect, test } from 'vitest'
import { configSchema } from '../../src/config/json-schema.ts'
import { settingsTable } from '../../src/config/schema.ts'

interface Node {
  readonly properties?: Readonly<Record<string, Node>>
  readonly additionalProperties?: boolean
  readonly [key: string]: unknown
}

function at(schema: Node, path: string): Node | undefined {
  return path.split('.').reduce<Node | undefined>((node, key) => node?.properties?.[key], schema)
}

describe('configSchema()', () => {
  const schema = configSchema() as Node

  test('describes every setting with its sources', () => {
    const missing = settingsTable.filter((row) => {
      const node = at(schema, row.path)
      return node?.['x-somon-flag'] !== row.flag
    })

    expect(missing.map((row) => row.path)).toEqual([])
    expect(at(schema, 'cache.maxBytes')).toMatchObject({
      anyOf: [{ type: 'number' }, { type: 'string' }],
      'x-somon-unit': 'bytes',
      'x-somon-env': expect.arrayContaining(['SOMON_CACHE_MEMORY_LIMIT']),
    })
    expect(at(schema, 'log.level')?.enum).toContain('silent')
    expect(at(schema, 'loading.maxQueued')).toMatchObject({ type: 'integer', minimum: 0 })
    expect(at(schema, 'cache.secret')).toMatchObject({ writeOnly: true, 'x-somon-secret': true })
  })

  test('refuses unknown keys of every section', () => {
    const sections = ['loading', 'cache', 'cache.disk', 'bundle', 'log']

    expect(schema.additionalProperties).toBe(false)
    expect(sections.map((path) => at(schema, path)?.additionalProperties)).toEqual(
      sections.map(() => false),
    )
  })

  test('accepts other names and the key $schema', () => {
    expect(at(schema, 'maxCacheSize')).toMatchObject({ type: 'integer' })
    expect(at(schema, 'features.hotReload')).toMatchObject({ type: 'boolean' })
    expect(at(schema, '$schema')).toBeDefined()
  })

  test('is plain JSON', () => {
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema)
  })
})
