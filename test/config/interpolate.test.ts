import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { interpolate, InterpolatedText } from '../../src/config/interpolate.ts'

const variables = { NAME: 'value', EMPTY: '' }

describe('interpolate()', () => {
  test.for([
    ['a ${NAME} b', 'a value b'],
    ['${NAME}${NAME}', 'valuevalue'],
    ['${EMPTY:-x}', 'x'],
    ['${GONE:-}', ''],
    ['${GONE:-a b}', 'a b'],
    ['${NAME:-x}', 'value'],
    ['${EMPTY}', ''],
    ['$${NAME} ${NAME}', '${NAME} value'],
  ] as const)('reads %s as "%s"', ([text, expected]) => {
    expect(interpolate(text, variables)).toEqual(new InterpolatedText(expected))
  })

  test.for([
    ['$$', '$'],
    ['$NAME', '$NAME'],
    ['${not-a-name}', '${not-a-name}'],
    ['100$', '100$'],
  ] as const)('leaves %s a plain text: %s', ([text, expected]) => {
    expect(interpolate(text, variables)).toBe(expected)
  })

  test('names the variable that is missing', () => {
    expect(interpolate('${NAME} ${GONE}', variables)).toEqual({ missing: 'GONE' })
  })

  test('gives back any text whose dollar signs are doubled', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '$', '{', '}', ':', '-', 'N') }),
        (text) => {
          expect(interpolate(text.replaceAll('$', '$$$$'), variables)).toBe(text)
        },
      ),
    )
  })
})
