import type { GuardSettings as Configured } from '../config/guard-settings.ts'
import { mergeSettings, type SettingsPatch } from '../guard/declaration.ts'
import type { GuardSettings } from '../guard/settings.ts'

/** What the settings say of a guard that nobody declares. */
export function baseGuardSettings(configured: Configured): GuardSettings {
  const { breaker, timeoutMs, bodyIdleMs, abandonMs, bulkhead, rate, retry } = configured
  const stages = { breaker, timeoutMs, bodyIdleMs, abandonMs, bulkhead, rate, retry }
  return { mode: 'auto', ...stages, ignore: [] }
}

/** The settings of one guard: those of all < options in code < those of its names. */
export function settingsOfGuard(
  configured: Configured,
  names: readonly string[],
  options: SettingsPatch | undefined,
): GuardSettings {
  const { dependencies } = configured
  const declared = names.map((name) =>
    Object.hasOwn(dependencies, name) ? dependencies[name] : undefined,
  )
  return mergeSettings(baseGuardSettings(configured), options, ...declared)
}
