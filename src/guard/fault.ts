import { nearest } from '../base/nearest.ts'
import { faultProxyOption } from './errors.ts'

/** Which bytes a fault delays: those from the client, those to the client, or both. */
export type FaultDirection = 'both' | 'to-upstream' | 'to-client'

/**
 * What a fault proxy does to connections. One fault at a time; `set()` replaces the one before.
 *
 * - `latency`: every byte and every end takes `ms` (0 to 2,147,483,647), plus up to `jitterMs`
 *   chosen at random for each chunk (default 0), in `direction` (default `both`). Order is kept.
 *   Acts on what arrives from now on, on new and on running connections.
 * - `bandwidth`: at most `bytesPerSecond` (from 1) on each connection and in each direction of
 *   `direction` (default `both`), handed on evenly. Acts on new and on running connections.
 * - `reset`: after `afterBytes` more bytes to the client (default 0) both sides get a TCP reset.
 *   With 0 a running connection is reset at once, and a new one without reaching the upstream.
 * - `cut`: the same, but the connection ends regularly (FIN) in the middle of what was sent.
 * - `slow-close`: the end of either side reaches the other one `ms` later; bytes are not delayed.
 * - `blackhole`: connections are accepted and their bytes swallowed, in both directions; nothing
 *   is answered, and new connections do not reach the upstream. A connection that lost something
 *   stays silent after `heal()` too, until its client ends it.
 * - `refuse`: nobody listens on the port, so new connections get ECONNREFUSED. Running connections
 *   go on; `cut()` ends them.
 */
export type Fault =
  | {
      readonly kind: 'latency'
      readonly ms: number
      readonly jitterMs?: number
      readonly direction?: FaultDirection
    }
  | {
      readonly kind: 'bandwidth'
      readonly bytesPerSecond: number
      readonly direction?: FaultDirection
    }
  | { readonly kind: 'reset'; readonly afterBytes?: number }
  | { readonly kind: 'cut'; readonly afterBytes?: number }
  | { readonly kind: 'slow-close'; readonly ms: number }
  | { readonly kind: 'blackhole' }
  | { readonly kind: 'refuse' }

/** The name of a fault. */
export type FaultKind = Fault['kind']

interface Field {
  readonly need: string
  readonly accepts: (value: unknown) => boolean
  readonly optional?: boolean
}

/** Node turns longer delays into 1 ms. */
const MAX_MS = 2 ** 31 - 1
const DIRECTIONS: readonly unknown[] = [
  'both',
  'to-upstream',
  'to-client',
] satisfies FaultDirection[]

const duration: Field = {
  need: `milliseconds from 0 to ${MAX_MS}`,
  accepts: (value) => typeof value === 'number' && value >= 0 && value <= MAX_MS,
}
const byteCount: Field = { ...wholeNumber(0), optional: true }
const direction: Field = {
  need: `"both", "to-upstream" or "to-client"`,
  accepts: (value) => DIRECTIONS.includes(value),
  optional: true,
}

/** The fields of each fault beside `kind`; the names of all faults. */
const FIELDS: Readonly<Record<FaultKind, Readonly<Record<string, Field>>>> = {
  latency: { ms: duration, jitterMs: { ...duration, optional: true }, direction },
  bandwidth: { bytesPerSecond: wholeNumber(1), direction },
  reset: { afterBytes: byteCount },
  cut: { afterBytes: byteCount },
  'slow-close': { ms: duration },
  blackhole: {},
  refuse: {},
}

/** All names of faults. */
export const FAULT_KINDS = Object.keys(FIELDS) as readonly FaultKind[]

/**
 * Returns a frozen copy of a fault whose every field is known and within its range.
 *
 * @throws SomonError SOMON_GUARD_PROXY_OPTION, which names the field
 */
export function checkedFault(fault: Fault): Fault {
  const given: unknown = fault
  if (typeof given !== 'object' || given === null) {
    throw faultProxyOption({ field: 'fault', value: given, need: 'an object with a kind' })
  }
  const { kind, ...rest } = given as Readonly<Record<string, unknown>>
  if (typeof kind !== 'string' || !Object.hasOwn(FIELDS, kind)) {
    const known = FAULT_KINDS.map((name) => `"${name}"`).join(', ')
    throw faultProxyOption({ field: 'fault.kind', value: kind, need: `one of ${known}` })
  }
  checkFields('fault', rest, FIELDS[kind as FaultKind])
  return Object.freeze({ ...fault })
}

/** Checks that a host can be one, and that a port can be connected to. */
export function checkOptions(options: object): void {
  const { upstream, ...rest } = options as Readonly<Record<string, unknown>>
  if (typeof upstream !== 'object' || upstream === null) {
    const need = 'an object with host and port'
    throw faultProxyOption({ field: 'upstream', value: upstream, need })
  }
  const host: Field = {
    need: 'the name or address of a host',
    accepts: (value) => typeof value === 'string' && value !== '',
  }
  const port = wholeNumber(1, 65_535)
  checkFields('upstream', { ...upstream }, { host, port })
  checkFields('', rest, {
    host: { ...host, optional: true },
    random: {
      need: 'a function',
      accepts: (value) => typeof value === 'function',
      optional: true,
    },
    clock: {
      need: 'a clock',
      accepts: (value) => typeof value === 'object' && value !== null,
      optional: true,
    },
  })
}

function checkFields(
  owner: string,
  given: Readonly<Record<string, unknown>>,
  fields: Readonly<Record<string, Field>>,
): void {
  const prefix = owner === '' ? '' : `${owner}.`
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(fields, name)) continue
    const meant = nearest(name, Object.keys(fields))
    const need = meant === undefined ? 'no such field' : `the field ${prefix}${meant}`
    throw faultProxyOption({ field: `${prefix}${name}`, value: given[name], need })
  }
  for (const [name, { need, accepts, optional = false }] of Object.entries(fields)) {
    const value = given[name]
    if (optional && value === undefined) continue
    if (!accepts(value)) throw faultProxyOption({ field: `${prefix}${name}`, value, need })
  }
}

function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): Field {
  return {
    need: `a whole number from ${min} to ${max}`,
    accepts: (value) => Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max,
  }
}
