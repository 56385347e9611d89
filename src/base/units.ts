const BYTE_UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['b', 1],
  ['kb', 1e3],
  ['mb', 1e6],
  ['gb', 1e9],
  ['kib', 2 ** 10],
  ['mib', 2 ** 20],
  ['gib', 2 ** 30],
])
const TIME_UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['ms', 1],
  ['s', 1e3],
  ['m', 60e3],
  ['min', 60e3],
  ['h', 3_600e3],
  ['d', 86_400e3],
])

/** Reads `1048576`, `"100MiB"` or `"1.5 GB"` as whole bytes; undefined when it is neither. */
export function parseBytes(text: string | number): number | undefined {
  return parseQuantity(text, BYTE_UNITS)
}

/** Reads `250`, `"30s"` or `"1.5h"` as whole milliseconds; undefined when it is neither. */
export function parseDuration(text: string | number): number | undefined {
  return parseQuantity(text, TIME_UNITS)
}

/** Prints bytes with three digits, four below the next unit: `0 B`, `1.5 KiB`, `12.3 MiB`. */
export function formatBytes(bytes: number): string {
  return printed(bytes, [
    { name: 'B', factor: 1, decimals: 0 },
    { name: 'KiB', factor: 2 ** 10, decimals: 1 },
    { name: 'MiB', factor: 2 ** 20, decimals: 1 },
    { name: 'GiB', factor: 2 ** 30, decimals: 1 },
  ])
}

/** Prints milliseconds for a person: `0.8 ms`, `42 ms`, `1.5 s`, `2 min 5 s`. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds >= 60) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  const decimals = ms < 10 ? 1 : 0
  return printed(ms, [
    { name: 'ms', factor: 1, decimals },
    { name: 's', factor: 1000, decimals: 1 },
  ])
}

interface PrintedUnit {
  readonly name: string
  readonly factor: number
  readonly decimals: number
}

/** Takes the first unit whose rounded number is smaller than one of the next unit. */
function printed(value: number, units: readonly PrintedUnit[]): string {
  for (const [index, unit] of units.entries()) {
    const next = units[index + 1]
    const inUnit = value / unit.factor
    const scale = inUnit >= 100 ? 1 : 10 ** unit.decimals
    const rounded = Math.round(inUnit * scale) / scale
    if (next === undefined || rounded < next.factor / unit.factor) return `${rounded} ${unit.name}`
  }
  return String(value)
}

function parseQuantity(
  text: string | number,
  units: ReadonlyMap<string, number>,
): number | undefined {
  if (typeof text === 'number') return wholeOrUndefined(text)
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim())
  const factor = units.get((match?.[2] ?? '').toLowerCase())
  if (match === null || factor === undefined) return undefined
  return wholeOrUndefined(Number(match[1]) * factor)
}

/** Sizes and times are whole numbers; beyond 2^53 they would silently be others. */
function wholeOrUndefined(value: number): number | undefined {
  const whole = Math.round(value)
  return value >= 0 && Number.isSafeInteger(whole) ? whole : undefined
}
