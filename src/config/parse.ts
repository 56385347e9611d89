import { parseBytes, parseDuration } from '../base/units.ts'

/** How a value is written as text: in a variable, a flag, or after `${NAME}` in a file. */
export type SettingKind =
  | 'text'
  | 'path'
  | 'secret'
  | 'choice'
  | 'boolean'
  | 'boolean-or-choice'
  | 'integer'
  | 'number'
  | 'duration'
  | 'bytes'
  | 'list'
  | 'map'
  | 'open-map'

/**
 * Reads a text as a value of a kind; undefined when it is none.
 *
 * Nothing is guessed: an empty text is no number and no name, `"false"` is not true, `"0x10"` and
 * `"1e3"` are no whole numbers. Lists are separated by commas, maps are lists of `key=value`.
 */
export function parseText(kind: SettingKind, text: string): unknown {
  switch (kind) {
    case 'text':
    case 'path':
    case 'secret':
    case 'choice':
      return text === '' ? undefined : text
    case 'boolean':
      return BOOLEANS.get(text.toLowerCase())
    case 'boolean-or-choice':
      return BOOLEANS.get(text.toLowerCase()) ?? (text === '' ? undefined : text)
    case 'integer':
      return /^-?\d+$/.test(text) ? Number(text) : undefined
    case 'number':
      return /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined
    case 'duration':
      return parseDuration(text)
    case 'bytes':
      return parseBytes(text)
    case 'list':
      return parseList(text)
    case 'map':
      return parseMap(parseList(text))
    case 'open-map':
      return undefined
    default:
      return kind satisfies never
  }
}

/** Reads `key=value` items; undefined when one has no key. The last of a key wins. */
export function parseMap(items: readonly string[]): Record<string, string> | undefined {
  const pairs = items.map((item) => {
    const at = item.indexOf('=')
    return at > 0 ? ([item.slice(0, at), item.slice(at + 1)] as const) : undefined
  })
  return pairs.every((pair) => pair !== undefined) ? Object.fromEntries(pairs) : undefined
}

/** Prints a value so that `parseText` reads the same one. */
export function printText(kind: SettingKind, value: unknown): string {
  if (kind === 'list' && Array.isArray(value)) return value.join(',')
  if (kind === 'map' && typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .map(([key, item]) => `${key}=${item}`)
      .join(',')
  }
  return String(value)
}

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['yes', true],
  ['on', true],
  ['false', false],
  ['0', false],
  ['no', false],
  ['off', false],
])

function parseList(text: string): string[] {
  if (text.trim() === '') return []
  return text.split(',').map((item) => item.trim())
}
