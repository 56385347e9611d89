import type { SomonError } from '../base/error.ts'
import { readEnvironment } from '../config/env.ts'
import { configInvalid } from '../config/errors.ts'
import type { Settings } from '../config/settings.ts'
import {
  collectLayers,
  mergedChanges,
  resolveSettings,
  type SettingSources,
  type SettingsChanges,
  type SettingsInput,
} from '../config/sources.ts'
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
    this.#current = checkedSettings(resolveSettings(this.#sources))
  }

  get current(): Settings {
    return this.#current
  }

  /**
   * Changes settings, those that it names and no others; `null` takes back what earlier changes
   * have set.
   *
   * @throws SomonError SOMON_CONFIG_INVALID with every fault, also SOMON_CONFIG_NOT_LIVE; nothing
   *   has changed then; TypeError for changes that are no object
   */
  change(changes: SettingsChanges): void {
    if (typeof changes !== 'object' || changes === null || Array.isArray(changes)) {
      throw new TypeError('The changes of settings must be an object')
    }
    const sources = { ...this.#sources, runtime: [this.#runtime, changes] }
    this.#current = checkedSettings(resolveSettings(sources))
    this.#runtime = mergedChanges(collectLayers(sources))
  }
}

/**
 * Checks what goes wrong only when settings meet: a stage for a dependency that cannot have it.
 *
 * @throws SomonError SOMON_CONFIG_INVALID with every fault
 */
export function checkedSettings(settings: Settings): Settings {
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
