import { parse, TomlError } from 'smol-toml'
import type { ParsedText, TextPosition } from './parsed-text.ts'
import { TextFault } from './parsed-text.ts'

/**
 * Reads TOML.
 *
 * @throws TextFault with line and column
 */
export function parseToml(text: string): ParsedText {
  try {
    const values = parse(text)
    return { values, locate: (path) => locateInToml(text, path) }
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const [summary = error.message] = error.message.split('\n')
    const reason = summary.replace(/^Invalid TOML document: /, '')
    throw new TextFault(reason, { line: error.line, column: error.column })
  }
}

/**
 * Finds where a key is written; only asked for messages, because the parser keeps no positions.
 *
 * Reads line by line: headers and keys before `=`. A key inside an inline table is answered with
 * the place of the table.
 */
function locateInToml(text: string, path: readonly string[]): TextPosition | undefined {
  let best: { readonly depth: number; readonly position: TextPosition } | undefined
  let section: readonly string[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const header = HEADER.exec(line)
    const key = header === null ? KEY.exec(line) : null
    if (header !== null) section = segmentsOf(header[2] ?? '')
    const written = header ?? key
    if (written === null) continue
    const full = key === null ? section : [...section, ...segmentsOf(key[2] ?? '')]
    const depth = full.length
    if (depth > path.length || full.some((segment, at) => segment !== path[at])) continue
    if (best !== undefined && best.depth >= depth) continue
    best = { depth, position: { line: index + 1, column: (written[1] ?? '').length + 1 } }
  }
  return best?.position
}

const SEGMENT = `(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)`
const DOTTED = `${SEGMENT}(?:\\s*\\.\\s*${SEGMENT})*`
const HEADER = new RegExp(`^(\\s*\\[\\[?\\s*)(${DOTTED})\\s*\\]`)
const KEY = new RegExp(`^(\\s*)(${DOTTED})\\s*=`)

function segmentsOf(dotted: string): string[] {
  const segments = dotted.match(new RegExp(SEGMENT, 'g')) ?? []
  return segments.map((segment) => segment.replaceAll(/^["']|["']$/g, ''))
}
