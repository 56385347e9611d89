import type { OpenTimeExport } from './open-time.ts'
import type { GuardMode } from './settings.ts'
import { COLUMNS, type WindowExport } from './window.ts'

/** A breaker as durations, for an instance that goes on where this one ends. */
export interface BreakerExport extends OpenTimeExport {
  readonly v: 1
  /** A half-open circuit is exported as open with 1 ms left. */
  readonly state: 'closed' | 'open'
  readonly remainingMs: number
  readonly mode: GuardMode
  readonly window: WindowExport
  /** Wall time of the export. */
  readonly at: number
}

/**
 * Throws what `makeError` makes of the first field that is not what an export holds.
 *
 * An export comes back from a file or from another thread, and one count that is no number would
 * make every rate of the window `NaN`: a circuit that never opens again. Further fields are left
 * alone.
 */
export function assertExport(
  value: unknown,
  makeError: (field: string) => Error,
): asserts value is BreakerExport {
  const field = isRecord(value) ? faultOf(value) : 'export'
  if (field !== undefined) throw makeError(field)
}

function faultOf(value: Readonly<Record<string, unknown>>): string | undefined {
  const field = FIELDS.find(([name, fits]) => !fits(value[name]))
  return field === undefined ? faultOfWindow(value.window) : field[0]
}

const MODES: readonly unknown[] = ['auto', 'isolated', 'disabled'] satisfies GuardMode[]

const FIELDS: readonly (readonly [string, (value: unknown) => boolean])[] = [
  ['v', (v) => v === 1],
  ['state', (state) => state === 'closed' || state === 'open'],
  ['mode', (mode) => MODES.includes(mode)],
  ['remainingMs', isAmount],
  ['lastOpenMs', isAmount],
  ['closedForMs', isAmount],
  ['attempt', isCount],
  ['at', isAmount],
]

function faultOfWindow(window: unknown): string | undefined {
  if (!isRecord(window)) return 'window'
  if (!isCount(window.consecutive)) return 'window.consecutive'
  if (!Array.isArray(window.buckets)) return 'window.buckets'
  for (const [index, bucket] of window.buckets.entries()) {
    const fault = faultOfBucket(bucket)
    if (fault !== undefined) return `window.buckets[${index}]${fault}`
  }
  return undefined
}

function faultOfBucket(bucket: unknown): string | undefined {
  if (!isRecord(bucket)) return ''
  if (!isAmount(bucket.ageMs)) return '.ageMs'
  const { counts } = bucket
  if (!isRecord(counts)) return '.counts'
  const column = COLUMNS.find((name) => !isCount(counts[name]))
  return column === undefined ? undefined : `.counts.${column}`
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value < Infinity
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && isAmount(value)
}
