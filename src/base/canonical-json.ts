/**
 * Prints a value as JSON with sorted keys, so that equal values give equal text.
 *
 * Accepts what `JSON.stringify` accepts; `undefined` members are left out, functions and symbols
 * are refused because they have no stable text.
 *
 * @throws TypeError for a function, a symbol or a cycle
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (key, member: unknown) => {
    if (typeof member === 'function' || typeof member === 'symbol') {
      throw new TypeError(`Cannot print "${key}" as JSON: it is a ${typeof member}`)
    }
    if (member instanceof RegExp) return { $regexp: String(member) }
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member
    const entries = Object.entries(member)
    return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)))
  })
}
