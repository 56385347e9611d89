import { isMap, isScalar, LineCounter, parseDocument, type Document, type Node } from 'yaml'
import { messageOf } from '../base/error.ts'
import { TextFault, type ParsedText, type TextPosition } from './parsed-text.ts'

/**
 * Reads YAML 1.2, which includes JSON.
 *
 * @throws TextFault with line and column; duplicate keys are faults
 */
export function parseYaml(text: string): ParsedText {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const [fault] = document.errors
  if (fault !== undefined) throw new TextFault(fault.message, at(lines, fault.pos[0]))
  return {
    values: valuesOf(document),
    locate: (path) => {
      const offset = offsetOf(document.contents, path)
      return offset === undefined ? undefined : at(lines, offset)
    },
  }
}

/** A chain of aliases could expand to gigabytes: the library stops, and says so in its own way. */
function valuesOf(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    throw new TextFault(messageOf(error), { line: 1, column: 1 })
  }
}

function offsetOf(node: unknown, path: readonly string[]): number | undefined {
  const [key, ...rest] = path
  if (key === undefined || !isMap<unknown, Node | null>(node)) return undefined
  const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
  if (pair === undefined) return undefined
  const own = isScalar(pair.key) ? pair.key.range?.[0] : undefined
  return offsetOf(pair.value, rest) ?? own
}

function at(lines: LineCounter, offset: number): TextPosition {
  const { line, col } = lines.linePos(offset)
  return { line, column: col }
}
