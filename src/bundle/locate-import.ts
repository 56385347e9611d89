import type { SourceLocation } from '../base/error.ts'

/**
 * Finds where a source imports a specifier, for messages: metafiles and artifacts have no places.
 *
 * It looks at the text and parses nothing: comment lines and `import type` are passed over, and
 * what only looks like an import in a string may mislead it.
 *
 * @param name - the imported name that is meant; without it, or where it is not written, the place
 *   is that of the specifier
 */
export function locateImport(
  text: string,
  specifier: string,
  name?: string,
): Omit<SourceLocation, 'file'> | undefined {
  const pattern = new RegExp(
    String.raw`\b(?:from|import|require)\s*\(?\s*(["'])${escaped(specifier)}\1`,
    'g',
  )
  let place: Place | undefined
  for (const found of text.matchAll(pattern)) {
    const end = found.index + found[0].length
    if (isComment(text, found.index)) continue
    const before = text.slice(0, found.index)
    const start = Math.max(...[...before.matchAll(STATEMENT)].map(({ index }) => index), 0)
    if (/^(?:im|ex)port\s+type\b(?!\s*(?:,|from\b))/.test(text.slice(start))) continue
    const named = name === undefined ? undefined : placeOfName(before, start, name)
    if (named !== undefined) return lineAndColumn(text, named)
    place ??= { at: end - specifier.length - 2, length: specifier.length + 2 }
  }
  return place === undefined ? undefined : lineAndColumn(text, place)
}

interface Place {
  readonly at: number
  readonly length: number
}

const STATEMENT = /\b(?:im|ex)port\b/g

function placeOfName(before: string, start: number, name: string): Place | undefined {
  const pattern = new RegExp(String.raw`(?<![\w$])${escaped(name)}(?![\w$])`)
  const at = before.slice(start).search(pattern)
  return at < 0 ? undefined : { at: start + at, length: name.length }
}

function isComment(text: string, at: number): boolean {
  const lineStart = text.slice(0, at).search(/[^\n\r\u2028\u2029]*$/)
  return /^\s*(?:\/\/|\/?\*)/.test(text.slice(lineStart))
}

function lineAndColumn(text: string, { at, length }: Place): Omit<SourceLocation, 'file'> {
  const lines = text.slice(0, at).split(/\r\n|[\n\r\u2028\u2029]/)
  return { line: lines.length, column: (lines.at(-1) ?? '').length + 1, length }
}

function escaped(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`)
}
