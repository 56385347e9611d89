/**
 * Returns how many bytes V8 stores a text in: one per UTF-16 unit, two when any unit is above
 * 0xFF. A slice of a two-byte text is counted by its own units.
 */
export function stringBytes(text: string): number {
  return TWO_BYTE.test(text) ? text.length * 2 : text.length
}

const TWO_BYTE = /[^\u0000-\u00ff]/ // oxlint-disable-line no-control-regex -- a range of units
