import { messageOf } from '../base/error.ts'
import { TextFault, type ParsedText, type TextPosition } from './parsed-text.ts'

/**
 * Reads JSON.
 *
 * @throws TextFault with line and column
 */
export function parseJson(text: string): ParsedText {
  try {
    const values: unknown = JSON.parse(text)
    return { values, locate: (path) => locateInJson(text, path) }
  } catch (error) {
    const reason = messageOf(error).replace(/(?: in JSON)? at position .*$|, (?:\.{3})?".*$/s, '')
    throw new TextFault(reason, positionAt(text, faultOffset(text)))
  }
}

/**
 * V8 names no position for an unexpected token: the fault is the last character of the shortest
 * beginning that no continuation could make valid, found by halving.
 */
function faultOffset(text: string): number {
  let good = 0
  let bad = text.length + 1
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    if (middle <= text.length && canContinue(text.slice(0, middle))) good = middle
    else bad = middle
  }
  return Math.min(bad - 1, text.length)
}

function canContinue(beginning: string): boolean {
  try {
    JSON.parse(beginning)
    return true
  } catch (error) {
    const message = messageOf(error)
    const place = / at position (\d+)/.exec(message)
    if (place === null) return message.startsWith('Unexpected end')
    return Number(place[1]) >= beginning.length
  }
}

/** Walks the tokens of a text that is known to be JSON; only asked for messages. */
function locateInJson(text: string, path: readonly string[]): TextPosition | undefined {
  const open: (string | undefined)[] = []
  let best: { readonly depth: number; readonly offset: number } | undefined
  let key: string | undefined
  for (const token of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g)) {
    const [written] = token
    if (written === '{' || written === '[') open.push(key)
    else if (written === '}' || written === ']') open.pop()
    if (token[1] === undefined) {
      key = undefined
      continue
    }
    key = String(JSON.parse(written.slice(0, -token[1].length)))
    const full = [...open.slice(1), key]
    const isOnPath = full.length <= path.length && full.every((part, at) => part === path[at])
    if (isOnPath && full.length > (best?.depth ?? 0)) {
      best = { depth: full.length, offset: token.index }
    }
  }
  return best && positionAt(text, best.offset)
}

function positionAt(text: string, offset: number): TextPosition {
  const before = text.slice(0, offset).split('\n')
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}
