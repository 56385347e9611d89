import type { GuardMode, GuardSettings } from './settings.ts'

/** One declared dependency: what belongs to it, and the settings in which it differs. */
export interface Declaration extends SettingsPatch {
  readonly kind?: DependencyKind
  /** What belongs to it: origins, addresses or package names, as `kind` says. */
  readonly match?: readonly string[]
  readonly key?: 'origin' | 'origin+route'
  /** Routes such as `GET /v1/charges/:id`. */
  readonly routes?: readonly string[]
  /** Exports of a package whose calls are guarded. */
  readonly functions?: readonly string[]
  readonly mode?: GuardMode
  readonly probe?: { readonly path?: string }
}

/** `custom` is called through `guard(name)` only. */
export type DependencyKind = 'http' | 'tcp' | 'module' | 'custom'

/** Settings of a guard, any of them left out. */
export type SettingsPatch = Patch<GuardSettings>

/** Declarations by the name of the dependency, or by the id of one guard. */
export type Declarations = Readonly<Record<string, Declaration>>

type Patch<Value> = Value extends readonly unknown[]
  ? Value
  : Value extends object
    ? { readonly [Key in keyof Value]?: Patch<Value[Key]> }
    : Value

/**
 * Puts settings over others: what a later layer leaves out stays as it was.
 *
 * @returns deeply frozen, and complete because the first one is
 */
export function mergeSettings(
  base: GuardSettings,
  ...patches: readonly (SettingsPatch | undefined)[]
): GuardSettings {
  return freeze(
    patches.reduce<object>((under, over) => merged(under, over ?? {}, base), base),
  ) as GuardSettings
}

/** Members that the base does not have are no settings of a guard: `kind` and its like. */
function merged(under: object, over: object, base: object): object {
  const values: Record<string, unknown> = { ...under }
  for (const [key, value] of Object.entries(over)) {
    if (value === undefined || !Object.hasOwn(base, key)) continue
    const before = values[key]
    values[key] = isSection(value) && isSection(before) ? merged(before, value, before) : value
  }
  return values
}

function freeze(value: object): object {
  for (const member of Object.values(value)) if (isSection(member)) freeze(member)
  return Object.freeze(value)
}

function isSection(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
