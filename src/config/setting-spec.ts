import { readValue, type Kind } from './kinds.ts'
import { flagOf, segmentedVariableOf, variableOf } from './names.ts'
import type { SettingKind } from './parse.ts'
import { Default } from './setting-default.ts'
import type { Machine, Profile, SettingRow } from './setting-row.ts'

/** A row with the schema its values are checked by. */
export interface SchemaRow<Value = unknown> extends SettingRow<Value> {
  /** Made at the first call: a start that sets little needs few of them. */
  readonly schema: Kind<Value>['schema']
}

/** What the table says of a setting beside its kind. */
export interface Facts<Value> {
  readonly default: Value | Default<Value>
  /** How documentation prints a default that is no plain value. */
  readonly defaultText?: string
  readonly env?: readonly string[]
  readonly flag?: string
  readonly switches?: Readonly<Record<string, string>>
  readonly aliases?: readonly string[]
  /** A running system takes another value at once. */
  readonly live?: boolean
  readonly doc: string
}

/** One row as it is written down. */
export interface Spec<Value> {
  readonly kind: Kind<Value>
  readonly facts: Facts<Value>
}

/** Writes down one row. */
export function row<Value>(kind: Kind<Value>, facts: Facts<NoInfer<Value>>): Spec<Value> {
  return { kind, facts }
}

/**
 * Makes a row. What follows from its path and its spec is made when it is asked for: a start
 * without variables and flags does without the texts, and there are dozens of rows.
 */
export function toRow<Value>(path: string, spec: Spec<Value>): SchemaRow<Value> {
  return new TableRow(path, spec)
}

class TableRow<Value> implements SchemaRow<Value> {
  readonly path: string
  readonly #spec: Spec<Value>

  constructor(path: string, spec: Spec<Value>) {
    this.path = path
    this.#spec = spec
    Object.freeze(this)
  }

  get segments(): readonly string[] {
    return this.path.split('.')
  }

  get kind(): SettingKind {
    return this.#spec.kind.kind
  }

  get unit(): 'ms' | 'bytes' | null {
    return this.#spec.kind.unit
  }

  get expected(): string {
    return this.#spec.kind.expected
  }

  get choices(): readonly string[] {
    return this.#spec.kind.choices
  }

  get defaultText(): string {
    const { default: fallback, defaultText } = this.#spec.facts
    return defaultText ?? (fallback instanceof Default ? fallback.text : JSON.stringify(fallback))
  }

  get env(): readonly string[] {
    const { path } = this
    // The members of an open map have variables, the map has none.
    if (this.kind === 'open-map') return []
    const others = this.#spec.facts.env ?? []
    return [...new Set([variableOf(path), segmentedVariableOf(path), ...others])]
  }

  get flag(): string {
    return this.#spec.facts.flag ?? flagOf(this.path)
  }

  get switches(): Readonly<Record<string, string>> {
    return this.#spec.facts.switches ?? NO_SWITCHES
  }

  get aliases(): readonly string[] {
    return this.#spec.facts.aliases ?? NO_ALIASES
  }

  get secret(): boolean {
    return this.kind === 'secret'
  }

  get live(): boolean {
    return this.#spec.facts.live === true
  }

  get doc(): string {
    return this.#spec.facts.doc
  }

  schema(): ReturnType<Kind<Value>['schema']> {
    return this.#spec.kind.schema()
  }

  defaultFor(profile: Profile, machine: Machine): Value {
    const fallback = this.#spec.facts.default
    return fallback instanceof Default ? fallback.of(profile, machine) : fallback
  }

  read(value: unknown): { readonly value: Value } | undefined {
    return readValue(this.#spec.kind, value)
  }
}

const NO_SWITCHES: Readonly<Record<string, string>> = Object.freeze({})
const NO_ALIASES: readonly string[] = Object.freeze([])
