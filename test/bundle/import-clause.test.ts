import {
  array,
  assert as fcAssert,
  constantFrom,
  option,
  property,
  record,
  uniqueArray,
} from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseImportClause } from '../../src/bundle/import-clause.ts'

const local = constantFrom('a', 'b1', '$c', '_d', 'e\u0301', 'asx', 'from')
const imported = constantFrom('a', 'default', 'as', '"any, name"', String.raw`"a \" } b"`, '"ä"')

describe('parseImportClause()', () => {
  test('reads every form that esbuild prints', () => {
    const names = uniqueArray(record({ imported, local }), {
      selector: (name) => name.local,
      maxLength: 4,
    })
    const clause = record({ byDefault: option(local, { nil: undefined }), names })

    fcAssert(
      property(
        clause,
        array(constantFrom(' ', '\n  '), { minLength: 1, maxLength: 2 }),
        (given, gap) => {
          const list = given.names.map((name) => `${name.imported} as ${name.local}`)
          const braces = `{${gap.join('')}${list.join(`,${gap.join('')}`)}${gap.join('')}}`
          const text = given.byDefault === undefined ? braces : `${given.byDefault}, ${braces}`

          const parsed = parseImportClause(text)

          const expected = given.names.map((name) => ({
            imported: name.imported.startsWith('"')
              ? (JSON.parse(name.imported) as string)
              : name.imported,
            local: name.local,
          }))
          if (given.byDefault !== undefined)
            expected.unshift({ imported: 'default', local: given.byDefault })
          expect(parsed).toEqual({ namespace: undefined, names: expected })
        },
      ),
    )
  })

  test.each<[string, string | undefined, readonly string[]]>([
    ['', undefined, []],
    ['d', undefined, ['d']],
    ['* as ns', 'ns', []],
    ['d, * as ns', 'ns', ['d']],
    ['{ a }', undefined, ['a']],
    ['{}', undefined, []],
  ])('reads "%s"', (clause, namespace, locals) => {
    const parsed = parseImportClause(clause)

    expect(parsed.namespace).toBe(namespace)
    expect(parsed.names.map((name) => name.local)).toEqual(locals)
  })

  test('refuses anything else', () => {
    expect(() => parseImportClause('{ a')).toThrow(SyntaxError)
    expect(() => parseImportClause('defer * as x')).toThrow(SyntaxError)
  })
})
