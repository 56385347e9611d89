import { toJsonSchema } from '@valibot/to-json-schema'
import { dependencyTable } from './dependency-rows.ts'
import { settingsTable } from './schema.ts'
import type { SchemaRow } from './setting-spec.ts'

/** A JSON Schema, as plain data. */
export type JsonSchema = Readonly<Record<string, unknown>>

/**
 * Returns the JSON Schema (2020-12) of a configuration file, for editors.
 *
 * Each setting carries its variables, flag and unit as `x-somon-…`. Import this file
 * only where it is needed: its library is not small.
 */
export function configSchema(): JsonSchema {
  const root = sectionSchema()
  root.properties.$schema = { type: 'string', description: 'Where this schema lies.' }
  for (const row of settingsTable) {
    const schema = row.kind === 'open-map' ? openMapSchema(row) : rowSchema(row)
    place(root, row.segments, schema)
    for (const alias of row.aliases) {
      place(root, alias.split('.'), { ...schema, description: `Another name of ${row.path}.` })
    }
  }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Configuration of somon',
    ...root,
  }
}

interface SectionSchema {
  readonly type: 'object'
  readonly additionalProperties: false
  readonly properties: Record<string, unknown>
}

function sectionSchema(): SectionSchema {
  return { type: 'object', additionalProperties: false, properties: {} }
}

function place(section: SectionSchema, path: readonly string[], schema: JsonSchema): void {
  const [key = '', ...rest] = path
  if (rest.length === 0) section.properties[key] = schema
  else {
    const inner = (section.properties[key] ??= sectionSchema()) as SectionSchema
    place(inner, rest, schema)
  }
}

/** The dependencies: any name, known settings. */
function openMapSchema(row: SchemaRow): JsonSchema {
  const dependency = sectionSchema()
  for (const member of dependencyTable.values()) {
    const { 'x-somon-env': _env, 'x-somon-flag': _flag, ...schema } = rowSchema(member)
    place(dependency, member.segments, schema)
  }
  return { ...rowSchema(row), type: 'object', additionalProperties: dependency }
}

/** Checks that are code (a size in words) have no JSON Schema; the type remains. */
function rowSchema(row: SchemaRow): JsonSchema {
  const { $schema: _, ...schema } = toJsonSchema(row.schema(), {
    target: 'draft-2020-12',
    typeMode: 'input',
    errorMode: 'ignore',
  })
  return {
    ...schema,
    description: `${row.doc} Default: ${row.defaultText}.`,
    'x-somon-env': row.env,
    'x-somon-flag': row.flag,
    ...(row.unit === null ? {} : { 'x-somon-unit': row.unit }),
    ...(row.secret ? { 'x-somon-secret': true, writeOnly: true } : {}),
  }
}
