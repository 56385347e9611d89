/** Freezes plain data and everything in it; what is frozen already is taken for whole. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  // A start freezes thousands of texts and numbers: no call for each.
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object') deepFreeze(item)
  } else {
    for (const key in value) if (typeof value[key] === 'object') deepFreeze(value[key])
  }
  return value
}
