import type { Secret } from '../base/secret.ts'
import type { GuardSettings } from './guard-settings.ts'

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
  readonly guard: GuardSettings
  readonly log: { readonly level: LogLevel }
}

/** A plugin object, the name of a package that exports one, or such a name with its options. */
export type PluginSetting = object | string | readonly [name: string, options: unknown]

/** How severe a message is; `silent` is above all of them. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

/** How modules are found, built, evaluated and replaced; of the time limits 0 means none. */
export interface LoadingSettings {
  /** Names of packages that are imported by Node and never bundled; wins over all others. */
  readonly externals: readonly string[]
  /** `declared` refuses packages that `externals` does not name. */
  readonly externalPolicy: 'any' | 'declared'
  /** Names of packages that are bundled although packages stay imports. */
  readonly inline: readonly string[]
  /** Whether packages stay imports of Node or are bundled. */
  readonly packages: 'external' | 'bundle'
  /** Globs of package names and hosts that code may come from; `*` admits all. */
  readonly allowedSources: readonly string[]
  /** Conditions of `exports` and `imports` beside those of Node. */
  readonly conditions: readonly string[]
  /** Replacements of specifiers, exact or `prefix/*`. */
  readonly alias: Readonly<Record<string, string>>
  /** Absolute path, or null for the nearest tsconfig.json of each file. */
  readonly tsconfig: string | null
  /** When maps of loaded code are made: never, after the load, or with the code. */
  readonly sourceMaps: 'none' | 'lazy' | 'eager'
  /** What happens to timers, servers and listeners that retired code has left behind. */
  readonly ledger: 'dispose' | 'report' | 'trace' | 'off'
  /** Reloads what a file change makes stale, from the first load on. */
  readonly watch: boolean
  /** How long the files must be quiet before a change is acted upon; at most 10 s. */
  readonly watchDebounceMs: number
  /** 0 means file events. */
  readonly watchPollMs: number
  /** How many builds run at once; 1 to 256. */
  readonly maxConcurrentBuilds: number
  /** How many loads may wait for a build; the next one is rejected. */
  readonly maxQueued: number
  /** Resolving, building and evaluating one entry together. */
  readonly timeoutMs: number
  /** The top-level await of one generation. */
  readonly evaluateTimeoutMs: number
  /** The check of a new generation before it serves. */
  readonly verifyTimeoutMs: number
  /** How long an old generation may finish its calls. */
  readonly drainTimeoutMs: number
  /** One call of a plugin hook. */
  readonly hookTimeoutMs: number
  /** 0 turns the leak watch off. */
  readonly leakWarnMs: number
}

/** What `bundle()` and `somon bundle` make, and how much esbuild may keep. */
export interface BundleSettings {
  /** Absolute path of the folder that `somon bundle` writes to. */
  readonly outdir: string
  /** Module format of bundled files. */
  readonly format: 'esm' | 'cjs' | 'iife'
  /** The oldest engine that bundled files run on, in esbuild's words, such as `node24`. */
  readonly target: string
  /** Shortens names and syntax of bundled files. */
  readonly minify: boolean
  /** Source maps of bundled files; true means `linked`. */
  readonly sourcemap: boolean | 'linked' | 'inline' | 'external' | 'both'
  /** Puts code that several entries share into files of its own. */
  readonly splitting: boolean
  /** Global names that are replaced by expressions, in loaded code too. */
  readonly define: Readonly<Record<string, string>>
  /** Above this size the esbuild service is replaced when it is idle; at least 64 MiB. */
  readonly serviceMaxRssBytes: number
  /** How many entries that are being edited keep their build context; 0 to 64. */
  readonly hotContexts: number
}

/** What memory and disk keep, how long, and how it is checked. */
export interface CacheSettings {
  /** How many artifacts memory holds; 0 switches this tier off. */
  readonly maxEntries: number
  /** Bytes of artifacts in memory, the code of live generations included. */
  readonly maxBytes: number
  /** How long an artifact is kept in memory; 0 means until it is evicted. */
  readonly ttlMs: number
  /** Signs cache files; null leaves them unsigned. */
  readonly secret: Secret | null
  readonly disk: {
    /** `readonly` writes nothing on its own, `off` answers nothing either. */
    readonly mode: 'readwrite' | 'readonly' | 'off'
    /** Size of the disk cache, in whole blocks. */
    readonly maxBytes: number
    /** What was not used for this long goes with the next collection. */
    readonly maxAgeMs: number
    /** How a cached artifact is compared with its sources; `never` trusts it. */
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

/** The paths of all leaves of a section. */
export type PathsOf<In> = {
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
