import type { SomonError } from '../base/error.ts'
import { readEnvironment } from '../config/env.ts'
import { configInvalid } from '../config/errors.ts'
import type { Settings } from '../config/settings.ts'
import { resolveSettings, type SettingSources, type SettingsInput } from '../config/sources.ts'
import { checkDeclarations } from '../guard/check-declarations.ts'
import { baseGuardSettings } from './guard-settings.ts'

/**
 * The settings of a running system.
 *
 * Invariants: `current` is complete, checked and frozen; a change is taken as a whole or not at
 * all; what was changed stays changed until it is changed again.
 */
export class LiveSettings {
  readonly #sources: SettingSources
  #runtime: SettingsInput = {}
  #current: Settings

  /** @throws SomonError SOMON_CONFIG_INVALID, SOMON_CONFIG_NOT_AVAILABLE */
  constructor(options: SettingsInput) {
    this.#sources = { profile: 'library', options, env: readEnvironment() }
    this.#current = checked(resolveSettings(this.#sources))
  }

  get current(): Settings {
    return this.#current
  }

  /**
   * Changes settings, those that it names and no others.
   *
   * @throws SomonError SOMON_CONFIG_INVALID with every fault, also SOMON_CONFIG_NOT_LIVE; nothing
   *   has changed then
   */
  change(changes: SettingsInput): void {
    const runtime = merged(this.#runtime, changes)
    this.#current = checked(resolveSettings({ ...this.#sources, runtime }))
    this.#runtime = runtime
  }
}

/** What goes wrong only when settings meet: a stage for a dependency that cannot have it. */
function checked(settings: Settings): Settings {
  const { guard } = settings
  refuse(checkDeclarations(baseGuardSettings(guard), guard.dependencies))
  return settings
}

/** Throws all faults as one error, or nothing. */
export function refuse(errors: readonly SomonError[]): void {
  const [first] = errors
  if (first === undefined) return
  const faults = errors.map((error) => error.message)
  throw configInvalid({ faults }, errors.length === 1 ? { errors, fix: first.fix } : { errors })
}

/** Later changes are put over earlier ones, member by member. */
function merged(under: object, over: object): object {
  const values: Record<string, unknown> = { ...under }
  for (const [key, value] of Object.entries(over)) {
    const before = Object.hasOwn(values, key) ? values[key] : undefined
    values[key] = isSection(before) && isSection(value) ? merged(before, value) : value
  }
  return values
}

function isSection(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
