import type { SettingKind } from './parse.ts'

/** What a system is made for; several defaults depend on it. */
export type Profile = 'library' | 'bundle' | 'run' | 'watch'

/** What the process knows about itself; passed in, so that resolving settings stays pure. */
export interface Machine {
  /** Absolute; what relative paths of variables, flags and options refer to. */
  readonly cwd: string
  /** How many builds the processor can run at once. */
  readonly cores: number
  /** The nearest folder upward of `cwd` with a package.json, else `cwd`; asked only if needed. */
  findRoot(): string
}

/** One setting: everything that is known about it, and the only place of its default. */
export interface SettingRow<Value = unknown> {
  readonly path: string
  /** The path, cut; the names of open maps may have dots in them. */
  readonly segments: readonly string[]
  readonly kind: SettingKind
  /** The unit of a number. */
  readonly unit: 'ms' | 'bytes' | null
  /** What is allowed, in words that follow "expected". */
  readonly expected: string
  /** The allowed words of a choice. */
  readonly choices: readonly string[]
  defaultFor(profile: Profile, machine: Machine): Value
  /** The default as documentation prints it, where it is not one value for all. */
  readonly defaultText: string
  /** The variables that set it, the derived one first. */
  readonly env: readonly string[]
  readonly flag: string
  /** Short forms and flags that mean one value, such as `--no-cache`. */
  readonly switches: Readonly<Record<string, string>>
  /** Other names of it in files and options. */
  readonly aliases: readonly string[]
  /** Its value is never printed. */
  readonly secret: boolean
  /** A running system takes another value at once. */
  readonly live: boolean
  readonly doc: string
  /** Checks a value that is no text any more; undefined when it is not accepted. */
  read(value: unknown): { readonly value: Value } | undefined
}
