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
  const text = print(value, '', [])
  if (text === undefined) throw new TypeError('Cannot print "undefined" as JSON: it has no text')
  return text
}

/**
 * Prints in one pass: a sorted copy for `JSON.stringify` takes three times as long, and this text
 * is made of every graph on every reload.
 *
 * @param path - the objects that contain the value
 */
function print(given: unknown, key: string, path: object[]): string | undefined {
  if (typeof given === 'string') return JSON.stringify(given)
  const value = hasToJson(given) ? given.toJSON(key) : given
  if (typeof value === 'function' || typeof value === 'symbol') throw refusal(key, typeof value)
  if (typeof value === 'number' && !Number.isFinite(value)) throw refusal(key, String(value))
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (value instanceof RegExp) return `{"$regexp":${JSON.stringify(String(value))}}`
  if (value instanceof Map || value instanceof Set) throw refusal(key, value.constructor.name)
  if (path.includes(value)) throw refusal(key, 'cycle')
  path.push(value)
  const text = Array.isArray(value)
    ? `[${value.map((item) => print(item, key, path) ?? 'null').join(',')}]`
    : `{${members(value, path).join(',')}}`
  path.pop()
  return text
}

function members(value: object, path: object[]): string[] {
  const found: string[] = []
  for (const name of Object.keys(value).toSorted()) {
    const text = print(Reflect.get(value, name), name, path)
    if (text !== undefined) found.push(`${JSON.stringify(name)}:${text}`)
  }
  return found
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
