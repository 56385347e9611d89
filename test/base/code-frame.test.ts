import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeFrame } from '../../src/base/code-frame.ts'

const at = (line: number, column: number, length?: number) => ({
  file: 'a.ts',
  line,
  column,
  ...(length === undefined ? {} : { length }),
})

/** Few characters, repeated up to lines that are cut: long random texts take seconds to make. */
const anyPart = fc
  .tuple(fc.string({ unit: 'binary', maxLength: 8 }), fc.integer({ min: 1, max: 60 }))
  .map(([text, times]) => text.repeat(times))
const lineEnd = fc.constantFrom('\n', '\r\n', '\r', '\u2028', '\t')
const anyText = fc
  .array(fc.oneof(anyPart, lineEnd), { maxLength: 10 })
  .map((parts) => parts.join(''))

describe('codeFrame()', () => {
  test('draws two lines around the place and marks it', () => {
    const frame = codeFrame('one\ntwo\nthree = 1\nfour\nfive\nsix', at(3, 9))

    expect(frame).toBe(
      [
        '  1 | one',
        '  2 | two',
        '> 3 | three = 1',
        '    |         ^',
        '  4 | four',
        '  5 | five',
      ].join('\n'),
    )
  })

  test('aligns line numbers of different width', () => {
    const source = Array.from({ length: 12 }, (_, index) => `line ${index + 1}`).join('\n')

    expect(codeFrame(source, at(9, 1), 1)).toBe(
      ['   8 | line 8', '>  9 | line 9', '     | ^', '  10 | line 10'].join('\n'),
    )
  })

  test('marks as many characters as belong to the fault, within the line', () => {
    expect(codeFrame('let abc', at(1, 5, 3))).toBe('> 1 | let abc\n    |     ^^^')
    expect(codeFrame('let abc', at(1, 5, 300))).toBe('> 1 | let abc\n    |     ^^^')
    expect(codeFrame('let abc', at(1, 5, -3))).toBe('> 1 | let abc\n    |     ^')
  })

  test('keeps tabs in the marker line, so that it stays aligned', () => {
    expect(codeFrame('\tif (\tx', at(1, 7))).toBe('> 1 | \tif (\tx\n    | \t    \t^')
  })

  test.each(['\r\n', '\r', '\n', '\u2028', '\u2029'])('splits lines at %j', (separator) => {
    expect(codeFrame(['a', 'b', 'c'].join(separator), at(2, 1), 0)).toBe('> 2 | b\n    | ^')
  })

  test('marks the end of a line, where something is missing', () => {
    expect(codeFrame('f(', at(1, 3))).toBe('> 1 | f(\n    |   ^')
  })

  test('is empty for a line that the text does not have', () => {
    expect(codeFrame('a', at(9, 1))).toBe('')
  })

  test('cuts a line of megabytes around the place', () => {
    const source = `${'x'.repeat(500_000)}HERE${'y'.repeat(500_000)}`

    const [text = '', marker = ''] = codeFrame(source, at(1, 500_001, 4)).split('\n')

    expect(text.length).toBeLessThan(200)
    expect(text.slice(marker.indexOf('^'), marker.lastIndexOf('^') + 1)).toBe('HERE')
  })

  test('cuts no astral character in half', () => {
    const source = '😀'.repeat(400)

    for (const column of [1, 399, 400, 401, 402, 800]) {
      expect(codeFrame(source, at(1, column)).isWellFormed()).toBe(true)
    }
  })

  test('replaces what would move the cursor or reorder the text', () => {
    expect(codeFrame('a\u001b[2Jb\u202Ec', at(1, 1))).toContain('a\uFFFD[2Jb\uFFFDc')
  })

  test('marks a place inside every text, whatever it is', () => {
    fc.assert(
      fc.property(
        anyText,
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 0, max: 500 }),
        fc.option(fc.integer({ min: -5, max: 500 }), { nil: undefined }),
        (source, line, column, length) => {
          const rows = codeFrame(source, at(line, column, length)).split('\n')

          const lines = source.split(/\r\n|[\n\r\u2028\u2029]/).length
          expect(rows.filter((row) => row.startsWith('>'))).toHaveLength(line <= lines ? 1 : 0)
          expect(rows.every((row) => row.length <= 2 * 160 + 20)).toBe(true)
        },
      ),
    )
  })
})
