/** One `@example` of a docstring. */
export interface DocstringExample {
  /** Where it starts, 1-based. */
  readonly line: number
  readonly text: string
}

/** Finds the `@example` parts of the docstrings in a source, without the stars. */
export function docstringExamples(source: string): readonly DocstringExample[] {
  const examples: DocstringExample[] = []
  for (const { 0: comment, index } of source.matchAll(/\/\*\*[^]*?\*\//g)) {
    const before = source.slice(0, index).split('\n').length
    const lines = comment.split('\n').map((line) => line.replace(/^\s*\*(?:\/|\s?)/, ''))
    const at = lines.findIndex((line) => line.startsWith('@example'))
    if (at < 0) continue
    const rest = lines.slice(at + 1)
    const end = rest.findIndex((line) => line.startsWith('@'))
    const text = rest.slice(0, end < 0 ? undefined : end).join('\n')
    examples.push({ line: before + at, text: text.trimEnd() })
  }
  return examples
}
