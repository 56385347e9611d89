/** The variable of a setting: `SOMON_` and all its words. */
export function variableOf(path: string): string {
  return `SOMON_${upperSnake(path).replaceAll('.', '_')}`
}

/** The form with `__` between the segments, which works for every setting. */
export function segmentedVariableOf(path: string): string {
  return `SOMON_${upperSnake(path).replaceAll('.', '__')}`
}

/** The flag of a setting: `--loading-timeout-ms`. */
export function flagOf(path: string): string {
  return `--${upperSnake(path).toLowerCase().replaceAll(/[._]/g, '-')}`
}

/** Reads a key in snake_case as the same words in camelCase; other keys stay. */
export function camelCase(key: string): string {
  return /^[a-z0-9]+(_[a-z0-9]+)+$/.test(key)
    ? key.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
    : key
}

/** Returns `loading.timeoutMs` as `LOADING.TIMEOUT_MS`. */
function upperSnake(path: string): string {
  return path.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase()
}
