/** A declaration cut out of a TypeScript text, with the comment that stands before it. */
export interface Declaration {
  readonly name: string
  readonly kind: string
  /** The text of the docstring, without its stars. */
  readonly doc: string
  readonly text: string
}

/** A member of an interface. */
export interface Member {
  readonly name: string
  readonly doc: string
  readonly type: string
}

const HEAD =
  /^(?:export )?(?:declare )?(?:default )?(?:abstract )?(?:async )?(interface|type|class|function|const) (\w+)/gm

/** Finds the declarations at the top level of a text, in their order. */
export function declarationsOf(source: string): Declaration[] {
  return [...source.matchAll(HEAD)].map((match) => {
    const [, kind = '', name = ''] = match
    const end = endOf(source, match.index, kind === 'interface' || kind === 'class')
    return {
      name,
      kind,
      doc: docBefore(source, match.index),
      text: source.slice(match.index, end).trim(),
    }
  })
}

/** Reads the members of an interface's text. */
export function membersOf(text: string): Member[] {
  const members: Member[] = []
  const body = text.slice(text.indexOf('{') + 1, text.lastIndexOf('}'))
  let position = 0
  while (position < body.length) {
    const rest = body.slice(position)
    const head = /^\s*(\/\*\*[\s\S]*?\*\/\s*)?(?:readonly )?['"]?([\w.-]+)['"]?\??:\s*/.exec(rest)
    if (head === null) break
    const from = position + head[0].length
    const end = endOf(body, from, false)
    members.push({
      name: head[2] ?? '',
      doc: cleanDoc(head[1] ?? ''),
      type: dedent(body.slice(from, end).replace(/[;,]\s*$/, '')),
    })
    position = end
  }
  return members
}

/**
 * Returns where a declaration that starts at `from` ends: at the first line end outside of all
 * brackets that no operator continues.
 */
function endOf(source: string, from: number, atBrace: boolean): number {
  let depth = 0
  for (let i = from; i < source.length; i += 1) {
    const skipped = skipOpaque(source, i)
    if (skipped > i) {
      i = skipped - 1
      continue
    }
    const character = source[i] ?? ''
    if ('{([<'.includes(character)) depth += 1
    const isArrow = character === '>' && source[i - 1] === '='
    if ('})]>'.includes(character) && !isArrow) depth -= 1
    if (depth > 0) continue
    if (character === ';') return i + 1
    if (atBrace && character === '}') return i + 1
    if (!atBrace && character === '\n' && !isContinued(source, i)) return i
  }
  return source.length
}

/** Skips a comment or a quoted text; returns `i` where there is none. */
function skipOpaque(source: string, i: number): number {
  const two = source.slice(i, i + 2)
  if (two === '/*') return source.indexOf('*/', i) + 2
  if (two === '//') return source.indexOf('\n', i)
  const quote = source[i] ?? ''
  if (!`'"\``.includes(quote)) return i
  const end = source.indexOf(quote, i + 1)
  return end < 0 ? i : end + 1
}

function isContinued(source: string, i: number): boolean {
  return /[=|&:,(]\s*$/.test(source.slice(0, i)) || /^\s*[|&?]/.test(source.slice(i))
}

function docBefore(source: string, index: number): string {
  const before = source.slice(0, index)
  const match = /\/\*\*((?!\*\/)[\s\S])*\*\/\s*$/.exec(before)
  return match === null ? '' : cleanDoc(match[0])
}

function cleanDoc(comment: string): string {
  return comment
    .replace(/^\s*\/\*\*/, '')
    .replace(/\*\/\s*$/, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trimEnd())
    .join('\n')
    .trim()
}

/** Takes the common indentation off every line but the first. */
function dedent(text: string): string {
  const lines = text.trim().split('\n')
  const depths = lines
    .slice(1)
    .filter(Boolean)
    .map((line) => /^\s*/.exec(line)?.[0].length ?? 0)
  const common = Math.min(...depths, Infinity)
  return lines
    .map((line, i) => (i === 0 || common === Infinity ? line : line.slice(common)))
    .join('\n')
}
