import * as fc from 'fast-check'
import { stringify as printToml } from 'smol-toml'
import { describe, expect, test } from 'vitest'
import { stringify as printYaml } from 'yaml'
import { parseJson } from '../../src/config/json.ts'
import { TextFault, type ParsedText } from '../../src/config/parsed-text.ts'
import { parseToml } from '../../src/config/toml.ts'
import { parseYaml } from '../../src/config/yaml.ts'

const key = fc.stringMatching(/^[a-z][a-zA-Z0-9_-]{0,8}$/)
const leaf = fc.oneof(fc.boolean(), fc.integer(), fc.string(), fc.array(fc.string()))
const documents = fc.dictionary(
  key,
  fc.oneof(leaf, fc.dictionary(key, fc.oneof(leaf, fc.dictionary(key, leaf)))),
  { noNullPrototype: true },
)

const SYNTAX = fc.constantFrom(
  'a',
  '1',
  ' ',
  '=',
  '"',
  "'",
  '[',
  ']',
  '{',
  '}',
  ':',
  ',',
  '\n',
  '#',
)

const formats: readonly [string, (text: string) => ParsedText, (values: object) => string][] = [
  ['parseToml()', parseToml, (values) => printToml(values)],
  ['parseYaml()', parseYaml, (values) => printYaml(values)],
  ['parseJson()', parseJson, (values) => JSON.stringify(values, null, 1)],
]

/** The fault of a text, undefined when it was read; any other error is thrown. */
function outcomeOf(parse: () => unknown): TextFault | undefined {
  try {
    parse()
    return undefined
  } catch (error) {
    if (error instanceof TextFault) return error
    throw error
  }
}

function faultOf(parse: () => unknown): TextFault {
  const fault = outcomeOf(parse)
  if (fault === undefined) throw new Error('Cannot return the fault: the text was read')
  return fault
}

function pathsOf(values: object, before: readonly string[] = []): string[][] {
  return Object.entries(values).flatMap(([name, value]) => {
    const path = before.concat(name)
    const isSection = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isSection ? [path].concat(pathsOf(value as object, path)) : [path]
  })
}

describe.each(formats)('%s', (_name, parse, print) => {
  test('reads what was printed', () => {
    fc.assert(
      fc.property(documents, (values) => {
        const read = parse(print(values)).values

        expect(JSON.parse(JSON.stringify(read ?? {}))).toEqual(values)
      }),
    )
  })

  test('throws nothing but faults with a position in the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: SYNTAX }), (text) => {
        const fault = outcomeOf(() => parse(text))

        const { line, column } = fault?.position ?? { line: 1, column: 1 }
        expect(line).toBeGreaterThan(0)
        expect(line).toBeLessThanOrEqual(text.split('\n').length + 1)
        expect(column).toBeGreaterThan(0)
      }),
    )
  })
})

describe('ParsedText.locate()', () => {
  test.each(formats.slice(1))('%s finds every key where its name stands', (_name, parse, print) => {
    fc.assert(
      fc.property(documents, (values) => {
        const text = print(values)
        const parsed = parse(text)
        const lines = text.split('\n')
        for (const path of pathsOf(values)) {
          const position = parsed.locate(path)
          const rest = lines[(position?.line ?? 0) - 1]?.slice((position?.column ?? 1) - 1) ?? ''
          expect(rest.replace(/^["']/, '').startsWith(path.at(-1) ?? '')).toBe(true)
        }
      }),
    )
  })

  test.each([
    ['cache', '1:2'],
    ['cache.maxBytes', '3:3'],
    ['cache.disk.mode', '5:1'],
    ['bundle.define', '7:1'],
    ['bundle.define.inner', '7:1'],
    ['log.level', '9:2'],
  ])('parseToml() finds %s at %s', (path, expected) => {
    const text = [
      '[cache]',
      '# maxBytes = 1',
      '  maxBytes = 2',
      '[cache . "disk"]',
      'mode = "off"',
      '[bundle]',
      'define = { inner = "x" }',
      '[log]',
      ' level = "x"',
    ].join('\n')

    const position = parseToml(text).locate(path.split('.'))

    expect(`${position?.line}:${position?.column}`).toBe(expected)
  })

  test('answers undefined for what is not written', () => {
    const positions = formats.map(([, parse, print]) => parse(print({ a: 1 })).locate(['b']))

    expect(positions).toEqual([undefined, undefined, undefined])
  })
})

describe('parseJson()', () => {
  test.each([
    ['{"a": x}', '1:7'],
    ['{\n  "a": 1\n  "b": 2\n}', '3:3'],
    ['{"a": [1, 2}', '1:12'],
    ['{"a": 1,}', '1:9'],
    ['{"a": "x', '1:9'],
    ['', '1:1'],
  ])('blames %j at %s', (text, expected) => {
    const { position } = faultOf(() => parseJson(text))

    expect(`${position.line}:${position.column}`).toBe(expected)
  })
})

describe('parseYaml()', () => {
  test('refuses one key twice', () => {
    const fault = faultOf(() => parseYaml('a: 1\na: 2\n'))

    expect(fault.position.line).toBe(2)
  })

  test('refuses aliases that multiply', () => {
    const levels = Array.from({ length: 9 }, (_, at) => {
      const before = Array(9).fill(`*l${at}`).join(',')
      return `l${at + 1}: &l${at + 1} [${before}]`
    })

    expect(() => parseYaml(`l0: &l0 [x]\n${levels.join('\n')}\n`)).toThrow(TextFault)
  })
})
