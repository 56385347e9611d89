import type { ErrorDetails, SomonError } from '../base/error.ts'
import { configDuplicate, configNotAvailable, configInvalid, configValue } from './errors.ts'
import { parseMap, parseText } from './parse.ts'
import type { SettingRow } from './setting-row.ts'

/** Where values come from, weakest first; `flag` and `option` do not occur together. */
export type SourceName = 'default' | 'file' | '.env' | 'env' | 'flag' | 'option' | 'runtime'

/** A checked value of one source. */
export interface Entry {
  readonly row: SettingRow
  readonly value: unknown
  /** Place or name, as messages and explanations print it. */
  readonly at: string
  /** What a relative path refers to; null means the project root. */
  readonly base: string | null
}

/** What one source says; complete and checked. */
export interface Layer {
  readonly source: SourceName
  readonly entries: ReadonlyMap<string, Entry>
  /** Settings and sections of which it forgets what earlier layers of its source say. */
  readonly takenBack: readonly (readonly string[])[]
}

/** A value as it was found. */
export interface Found {
  readonly row: SettingRow
  /** The name that was used: path, alias, variable or flag. */
  readonly writtenAs: string
  readonly raw: unknown
  /** It is text by nature (variable, flag), so it is read as the kind says. */
  readonly isText: boolean
  readonly at: string
  readonly base: string | null
  readonly details: ErrorDetails
}

/** Collects every fault, so that all are reported at once. */
export class Faults {
  readonly #faults: SomonError[] = []
  readonly #later: string[] = []

  add(fault: SomonError): void {
    this.#faults.push(fault)
  }

  /** Notes a setting that this version does not have. */
  addLater(name: string, at: string): void {
    this.#later.push(`${name} (${at})`)
  }

  /**
   * Throws what was collected: SOMON_CONFIG_NOT_AVAILABLE when nothing else is wrong than settings
   * of later versions, else one SOMON_CONFIG_INVALID.
   */
  throwIfAny(): void {
    const later = this.#later.length > 0 ? configNotAvailable({ settings: this.#later }) : undefined
    if (this.#faults.length === 0) {
      if (later !== undefined) throw later
      return
    }
    const errors = later === undefined ? this.#faults : [...this.#faults, later]
    const [first] = errors
    const details: ErrorDetails = {
      errors,
      ...(first?.location === undefined ? {} : { location: first.location }),
      ...(first?.frame === undefined ? {} : { frame: first.frame }),
      ...(errors.length === 1 && first !== undefined ? { fix: first.fix } : {}),
    }
    throw configInvalid({ faults: errors.map((error) => error.message) }, details)
  }
}

/** Builds a layer: checks each value as it is found, refuses a second spelling. */
export class LayerBuilder {
  readonly #source: SourceName
  readonly #faults: Faults
  readonly #entries = new Map<string, Entry>()
  readonly #takenBack: (readonly string[])[] = []
  readonly #spellings = new Map<string, Found>()

  constructor(source: SourceName, faults: Faults) {
    this.#source = source
    this.#faults = faults
  }

  add(found: Found): void {
    const { row, at, base } = found
    const earlier = this.#spellings.get(row.path)
    if (earlier !== undefined && !isSame(earlier.raw, found.raw)) {
      const names = { first: earlier.writtenAs, second: found.writtenAs }
      this.#faults.add(configDuplicate({ setting: row.path, from: at, ...names }, found.details))
      return
    }
    this.#spellings.set(row.path, found)
    const typed = found.isText ? typedFrom(row, found.raw) : found.raw
    const read = typed === undefined ? undefined : row.read(typed)
    if (read === undefined) this.#faults.add(valueFault(found))
    else this.#entries.set(row.path, { row, value: read.value, at, base })
  }

  /** @param segments - of a setting or a section */
  takeBack(segments: readonly string[]): void {
    this.#takenBack.push(segments)
  }

  layer(): Layer {
    return { source: this.#source, entries: this.#entries, takenBack: this.#takenBack }
  }
}

/** Prints a value for a message or an explanation; secrets stay hidden. */
export function shownValue(row: SettingRow, value: unknown): string {
  if (row.secret && value !== null) return '"***"'
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`
  if (typeof value === 'bigint') return `${value}n`
  try {
    const text = JSON.stringify(value) ?? String(value)
    return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`
  } catch {
    return 'a value with a cycle'
  }
}

const MAX_SHOWN = 120

/** Flags give texts, true for a bare switch, or a list for a repeated one. */
function typedFrom(row: SettingRow, raw: unknown): unknown {
  if (typeof raw === 'string') return parseText(row.kind, raw)
  if (!Array.isArray(raw) || !raw.every((item) => typeof item === 'string')) return raw
  if (row.kind === 'map') return parseMap(raw)
  return row.kind === 'list' ? raw : parseText(row.kind, raw.at(-1) ?? '')
}

function valueFault(found: Found): SomonError {
  const { row, writtenAs, raw, at, details } = found
  return configValue(
    {
      setting: writtenAs === at ? row.path : writtenAs,
      value: shownValue(row, raw),
      from: at,
      expected: row.expected,
      default: row.defaultText,
    },
    details,
  )
}

/** Reached this way because importing node:util costs a start 4 ms (docs/notes/node.md). */
function isSame(one: unknown, other: unknown): boolean {
  return process.getBuiltinModule('node:util').isDeepStrictEqual(one, other)
}
