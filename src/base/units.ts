const BYTE_UNITS: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
}
const TIME_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1e3,
  m: 60e3,
  min: 60e3,
  h: 3_600e3,
  d: 86_400e3,
}

/** Reads `1048576`, `"100MiB"` or `"1.5 GB"` as bytes; undefined when it is neither. */
export function parseBytes(text: string | number): number | undefined {
  return parseQuantity(text, BYTE_UNITS)
}

/** Reads `250`, `"30s"` or `"1.5h"` as milliseconds; undefined when it is neither. */
export function parseDuration(text: string | number): number | undefined {
  return parseQuantity(text, TIME_UNITS)
}

/** Prints bytes with three digits at most: `0 B`, `1.5 KiB`, `12.3 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${Math.round(bytes)} B`
  if (bytes < 2 ** 20) return `${threeDigits(bytes / 2 ** 10)} KiB`
  if (bytes < 2 ** 30) return `${threeDigits(bytes / 2 ** 20)} MiB`
  return `${threeDigits(bytes / 2 ** 30)} GiB`
}

/** Prints milliseconds for a person: `0.8 ms`, `42 ms`, `1.5 s`, `2 min 5 s`. */
export function formatDuration(ms: number): string {
  if (ms < 10) return `${Math.round(ms * 10) / 10} ms`
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60e3) return `${threeDigits(ms / 1000)} s`
  const seconds = Math.round(ms / 1000)
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

function parseQuantity(
  text: string | number,
  units: Readonly<Record<string, number>>,
): number | undefined {
  if (typeof text === 'number') return Number.isFinite(text) && text >= 0 ? text : undefined
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim())
  if (match === null) return undefined
  const factor = match[2] === '' ? 1 : units[(match[2] ?? '').toLowerCase()]
  return factor === undefined ? undefined : Math.round(Number(match[1]) * factor)
}

function threeDigits(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Math.round(value * 10) / 10)
}
