import type { Secret } from '../base/secret.ts'

/**
 * The settings of one system: complete, checked and deeply frozen.
 *
 * Every leaf is one row of the table in `schema.ts`, which holds its default, its sources and its
 * text; `test/config` proves that both list the same paths.
 */
export interface Settings {
  /** Absolute path of the project root. */
  readonly root: string
  /** Plugin objects, or `name` / `[name, options]` of packages that export one. */
  readonly plugins: readonly PluginSetting[]
  readonly loading: LoadingSettings
  readonly bundle: BundleSettings
  readonly cache: CacheSettings
  readonly log: { readonly level: LogLevel }
}

export type PluginSetting = object | string | readonly [name: string, options: unknown]

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

export interface LoadingSettings {
  readonly externals: readonly string[]
  readonly externalPolicy: 'any' | 'declared'
  readonly inline: readonly string[]
  readonly packages: 'external' | 'bundle'
  readonly allowedSources: readonly string[]
  readonly conditions: readonly string[]
  readonly alias: Readonly<Record<string, string>>
  /** Absolute path, or null for the nearest tsconfig.json of each file. */
  readonly tsconfig: string | null
  readonly sourceMaps: 'none' | 'lazy' | 'eager'
  readonly ledger: 'dispose' | 'report' | 'trace' | 'off'
  readonly watch: boolean
  readonly watchDebounceMs: number
  /** 0 means file events. */
  readonly watchPollMs: number
  readonly maxConcurrentBuilds: number
  readonly maxQueued: number
  readonly timeoutMs: number
  readonly evaluateTimeoutMs: number
  readonly verifyTimeoutMs: number
  readonly drainTimeoutMs: number
  readonly hookTimeoutMs: number
  /** 0 turns the leak watch off. */
  readonly leakWarnMs: number
}

export interface BundleSettings {
  readonly outdir: string
  readonly format: 'esm' | 'cjs' | 'iife'
  readonly target: string
  readonly minify: boolean
  readonly sourcemap: boolean | 'linked' | 'inline' | 'external' | 'both'
  readonly splitting: boolean
  readonly define: Readonly<Record<string, string>>
  readonly serviceMaxRssBytes: number
  readonly hotContexts: number
}

export interface CacheSettings {
  readonly maxEntries: number
  readonly maxBytes: number
  readonly ttlMs: number
  readonly secret: Secret | null
  readonly disk: {
    readonly mode: 'readwrite' | 'readonly' | 'off'
    readonly maxBytes: number
    readonly maxAgeMs: number
    readonly validate: 'stat' | 'hash' | 'never'
    /** Absolute path, or null for the rule of `cacheDir()`. */
    readonly dir: string | null
  }
}

/** The path of every setting, such as `cache.disk.mode`. */
export type SettingPath = PathsOf<Settings>

/** The type of the setting at a path. */
export type SettingValue<Path extends string, In = Settings> = Path extends keyof In
  ? In[Path]
  : Path extends `${infer Section}.${infer Rest}`
    ? Section extends keyof In
      ? SettingValue<Rest, In[Section]>
      : never
    : never

type PathsOf<In> = {
  [Key in keyof In & string]: IsSection<In[Key]> extends true ? `${Key}.${PathsOf<In[Key]>}` : Key
}[keyof In & string]

/** Lists, open maps and secrets are values, not sections. */
type IsSection<Value> = [Value] extends [object]
  ? Value extends readonly unknown[] | Secret
    ? false
    : string extends keyof Value
      ? false
      : true
  : false
