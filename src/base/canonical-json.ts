/**
 * Prints a value as JSON with sorted keys, so that equal values give equal text.
 *
 * Accepts what `JSON.stringify` accepts; `undefined` members are left out and regular expressions
 * print as their source. What has no stable text is refused: functions, symbols, maps, sets,
 * numbers that are not finite, cycles, and `undefined` itself.
 *
 * @throws TypeError for a value that is refused
 */
export function canonicalJson(value: unknown): string {
  const text = JSON.stringify(sorted(value, '', []))
  if (text === undefined) throw new TypeError('Cannot print "undefined" as JSON: it has no text')
  return text
}

/** `path` holds the objects that contain the value: JSON.stringify itself only sees copies. */
function sorted(given: unknown, key: string, path: readonly object[]): unknown {
  const value = hasToJson(given) ? given.toJSON(key) : given
  if (typeof value === 'function' || typeof value === 'symbol') throw refusal(key, typeof value)
  if (typeof value === 'number' && !Number.isFinite(value)) throw refusal(key, String(value))
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof RegExp) return { $regexp: String(value) }
  if (value instanceof Map || value instanceof Set) throw refusal(key, value.constructor.name)
  if (path.includes(value)) throw refusal(key, 'cycle')
  const inside = [...path, value]
  if (Array.isArray(value)) return value.map((item) => sorted(item, key, inside))
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([name, member]) => [name, sorted(member, name, inside)]))
}

function hasToJson(value: unknown): value is { toJSON(key: string): unknown } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'toJSON' in value &&
    typeof value.toJSON === 'function'
  )
}

function refusal(key: string, what: string): TypeError {
  return new TypeError(`Cannot print "${key}" as JSON: it is a ${what}`)
}
