import type { Secret } from '../base/secret.ts'
import type { Settings } from './settings.ts'

/**
 * Settings as a program or a configuration file writes them: any subset, durations and sizes also
 * as `"30s"` and `"100MiB"`.
 */
export type SettingsInput = Input<Settings> & AliasInput & LaterInput

/**
 * Changes of a running system: settings, and `null` for what earlier changes have set, of one
 * setting or of a whole section.
 */
export type SettingsChanges = Changes<SettingsInput>

type Changes<Value> = Value extends readonly unknown[] | Secret
  ? Value
  : Value extends object
    ? { readonly [Key in keyof Value]: Changes<Value[Key]> | null }
    : Value

/** Other names of settings. */
interface AliasInput {
  /** `cache.maxEntries`. */
  readonly maxCacheSize?: number | undefined
  /** `cache.maxBytes`. */
  readonly maxCacheMemory?: number | string | undefined
  /** `guard.enabled`. */
  readonly circuitBreakers?: boolean | undefined
  /** `guard.breaker.consecutive`. */
  readonly failureThreshold?: number | undefined
  /** `guard.breaker.recoveryMs`. */
  readonly recoveryTimeout?: number | string | undefined
  /** `guard.breaker.open.baseMs`. */
  readonly retryDelay?: number | string | undefined
  /** `log.level`. */
  readonly logLevel?: Settings['log']['level'] | undefined
}

/** Accepted when false; refused otherwise, because this version does not have them yet. */
interface LaterInput {
  readonly metrics?: boolean | undefined
  readonly logger?: boolean | undefined
  readonly managementServer?: boolean | undefined
  readonly managementPort?: number | undefined
  readonly enableExternalCache?: boolean | undefined
}

type Input<Value> = Value extends number
  ? number | string
  : Value extends Secret
    ? Secret | string
    : Value extends string | boolean | null | readonly unknown[]
      ? Value
      : string extends keyof Value
        ? { readonly [Key in keyof Value]: Input<Value[Key]> }
        : { readonly [Key in keyof Value]?: Input<Value[Key]> | undefined }

/** Gives an editor the types of a configuration file; returns its argument. */
export function defineConfig(settings: SettingsInput): SettingsInput {
  return settings
}
