/** What `import … from` binds: local names by what they stand for. */
export interface ImportClause {
  /** The local name of `* as ns`. */
  readonly namespace: string | undefined
  /** `default` included. */
  readonly names: readonly { readonly imported: string; readonly local: string }[]
}

/**
 * Reads the text between `import` and `from` as esbuild prints it: without comments.
 *
 * @throws SyntaxError for anything else
 */
export function parseImportClause(clause: string): ImportClause {
  const names: { imported: string; local: string }[] = []
  let rest = clause.trim()
  const byDefault = /^([^\s{*,]+)\s*(?:,\s*|$)/.exec(rest)
  if (byDefault !== null) {
    names.push({ imported: 'default', local: byDefault[1] ?? '' })
    rest = rest.slice(byDefault[0].length)
  }
  if (rest === '') return { namespace: undefined, names }
  const namespace = /^\*\s*as\s+(\S+)$/.exec(rest)
  if (namespace !== null) return { namespace: namespace[1], names }
  if (!rest.startsWith('{') || !rest.endsWith('}')) throw unreadable(clause)
  for (const match of rest.slice(1, -1).matchAll(SPECIFIER)) {
    const [whole, text = '', plain = '', renamed] = match
    if (whole.trim() === '') continue
    if (match.index === undefined || (text === '' && plain === '')) throw unreadable(clause)
    const imported = text === '' ? plain : (JSON.parse(text) as string)
    names.push({ imported, local: renamed ?? imported })
  }
  return { namespace: undefined, names }
}

/** `a`, `a as b`, `"any text" as b`. */
const SPECIFIER = /\s*(?:("(?:[^"\\]|\\.)*")|([^\s,"]+))(?:\s+as\s+([^\s,]+))?\s*(?:,|$)/g

function unreadable(clause: string): SyntaxError {
  return new SyntaxError(`Cannot read the import clause "${clause}": expected what esbuild prints`)
}
