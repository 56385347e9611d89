import type { SourceLocation } from './error.ts'

/**
 * Draws the lines around a place in a text, with a marker under it.
 *
 * Tabs are kept in the marker line so that it stays aligned; a line longer than 160 characters is
 * cut around the place, because bundled or binary files have lines of megabytes.
 *
 * @param context - how many lines before and after are shown
 */
export function codeFrame(source: string, location: SourceLocation, context = 2): string {
  const lines = source.split(/\r\n|[\n\r\u2028\u2029]/)
  const first = Math.max(1, location.line - context)
  const last = Math.min(lines.length, location.line + context)
  const width = String(last).length
  const rows: string[] = []
  for (let number = first; number <= last; number += 1) {
    const whole = lines[number - 1] ?? ''
    const from = cutFrom(whole, number === location.line ? location.column : 1)
    const text = whole.slice(from, wholeCharacter(whole, from + MAX_WIDTH))
    const mark = number === location.line ? '>' : ' '
    rows.push(`${mark} ${String(number).padStart(width)} | ${printable(text)}`.trimEnd())
    if (number === location.line) rows.push(marker(text, location, from, width))
  }
  return rows.join('\n')
}

const MAX_WIDTH = 160

function cutFrom(text: string, column: number): number {
  if (text.length <= MAX_WIDTH) return 0
  return wholeCharacter(text, Math.max(0, Math.min(column, text.length) - 1 - MAX_WIDTH / 2))
}

/** A cut between the two halves of an astral character would print neither of them. */
function wholeCharacter(text: string, index: number): number {
  const code = text.charCodeAt(index)
  return code >= 0xdc00 && code <= 0xdfff ? index + 1 : index
}

function marker(text: string, location: SourceLocation, from: number, width: number): string {
  const offset = Math.max(0, Math.min(location.column - 1 - from, text.length))
  const indent = text.slice(0, offset).replaceAll(/[^\t]/g, ' ').padEnd(offset)
  const carets = Math.max(1, Math.min(location.length ?? 1, text.length - offset))
  return `  ${' '.repeat(width)} | ${indent}${'^'.repeat(carets)}`
}

/** Controls other than tab would move the terminal's cursor, and bidi marks reorder its text. */
function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, '\uFFFD')
}

// oxlint-disable-next-line no-control-regex -- they are what is replaced
const UNPRINTABLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g
