import { readEnvironment } from '../config/env.ts'
import { resolveSettings } from '../config/sources.ts'
import { checkDeclarations } from '../guard/check-declarations.ts'
import type { Declaration } from '../guard/declaration.ts'
import type { GuardSettings } from '../guard/settings.ts'
import type { GuardFunctions } from '../guard/functions.ts'
import type { GuardOptions } from './guard-handle.ts'
import { refuse } from './live-settings.ts'

/** @throws TypeError for what cannot be the name of a guard */
export function checkGuardName(name: unknown): void {
  if (typeof name !== 'string' || name === '') {
    throw new TypeError('The name of a guard must be a string, and not an empty one')
  }
  if (/\p{Cc}/u.test(name)) {
    throw new TypeError(
      `The name of a guard must have no control characters: ${JSON.stringify(name)}`,
    )
  }
  // What an address means already, and what an object cannot hold.
  if (name === 'reset' || name === '__proto__') {
    throw new TypeError(`The name of a guard must be another one than "${name}"`)
  }
}

/** @throws TypeError for what is no object with options */
export function checkGuardOptions(name: string, options: unknown): void {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return
  throw new TypeError(`The options of the guard "${name}" must be an object`)
}

/**
 * Checks what a program says of a dependency: the same settings as in a configuration file, and
 * functions.
 *
 * @param base - the settings of a guard that nobody declares
 * @throws SomonError SOMON_CONFIG_INVALID with every fault; TypeError for what is no function
 */
export function readGuardOptions(
  name: string,
  options: GuardOptions,
  base: GuardSettings,
): { readonly options: Declaration; readonly functions: GuardFunctions } {
  const { fallback, isFailure, probe, ...rest } = options
  const functions = { fallback, isFailure, probe }
  for (const [key, value] of Object.entries(functions)) {
    if (value !== undefined && typeof value !== 'function') {
      throw new TypeError(`The option ${key} of the guard "${name}" must be a function`)
    }
  }
  const settings = resolveSettings({
    profile: 'library',
    env: { ...readEnvironment(), variables: {} },
    options: { guard: { dependencies: { [name]: { kind: 'custom', ...rest } } } },
  })
  const declaration = settings.guard.dependencies[name] ?? {}
  refuse(checkDeclarations(base, { [name]: declaration }))
  const { kind: _kind, ...own } = declaration
  return { options: own, functions }
}
