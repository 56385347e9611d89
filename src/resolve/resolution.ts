/** How a specifier is written: `require()` and `require.resolve()` use other export conditions. */
export type ImportKind = 'import' | 'require' | 'dynamic-import' | 'entry'

/** What a specifier turned out to be. Paths are absolute and real (links followed). */
export type Resolution =
  | { readonly class: 'source'; readonly file: string; readonly packageName?: string }
  | { readonly class: 'builtin'; readonly name: string }
  | {
      readonly class: 'external'
      /** The specifier to hand to Node, resolved from the importer. */
      readonly specifier: string
      readonly packageName: string
      /** Undefined when the package is not installed: Node's own error is raised on import. */
      readonly file: string | undefined
    }
  | { readonly class: 'refused'; readonly reason: string; readonly packageName?: string }
  | { readonly class: 'missing'; readonly tried: readonly string[] }

/** One step of an explanation, in the order in which it was tried. */
export interface ResolutionStep {
  readonly step: string
  readonly result: string
}

/** Finds what a specifier names; reads package.json and tsconfig.json, never code. */
export interface Resolver {
  /**
   * @param importer - absolute path of the file that holds the import, or of the folder for
   *   entries, with a trailing separator
   */
  resolve(specifier: string, importer: string, kind: ImportKind): Resolution
  explain(specifier: string, importer: string, kind?: ImportKind): readonly ResolutionStep[]
  /**
   * Forgets every answer, wrong ones included: oxc-resolver remembers that a file was missing.
   * Never called while a build runs.
   */
  clear(): void
}

/** What decides a resolution; `system` makes it from the settings. */
export interface ResolveOptions {
  /** Absolute path of the project root. */
  readonly root: string
  /** `external`: packages stay imports; `bundle`: packages are sources. */
  readonly packages: 'external' | 'bundle'
  /** Names of packages (or `name/*`) that stay imports even when packages are bundled. */
  readonly externals: readonly string[]
  /** Names of packages that are sources even when packages stay imports. */
  readonly inline: readonly string[]
  readonly externalPolicy: 'any' | 'declared'
  /** Globs of package names or hosts; what none matches is refused. */
  readonly allowedSources: readonly string[]
  readonly conditions: readonly string[]
  /** Replacements of specifiers, exact or `prefix/*`. */
  readonly alias: Readonly<Record<string, string>>
  /** Absolute path; undefined means the nearest tsconfig.json of each file. */
  readonly tsconfig: string | undefined
}
