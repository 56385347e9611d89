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
      /** Why an installed package has no file for it; undefined when it is not installed. */
      readonly fault?: string
    }
  | { readonly class: 'refused'; readonly reason: string; readonly packageName?: string }
  | {
      readonly class: 'missing'
      /** Absolute paths that were looked at, in order. */
      readonly tried: readonly string[]
      /** Why nothing was found, in words, to stand after a colon. */
      readonly reason: string
      /** What was probably meant, written as a specifier. */
      readonly suggestion?: string
      /** The pattern of `paths` in tsconfig.json that led to the paths tried. */
      readonly pattern?: string
    }

/** One step of an explanation, in the order in which it was tried. */
export interface ResolutionStep {
  readonly step: string
  readonly result: string
}

/** Finds what a specifier names; reads package.json and tsconfig.json, never code. */
export interface Resolver {
  /**
   * The answer decides between the lists like this: `externals` before everything, then own and
   * workspace packages, then `inline`, then `packages`.
   *
   * @param importer - absolute path of the file that holds the import, or of the folder for
   *   entries, with a trailing separator
   * @throws SomonError SOMON_RESOLVE_UNREADABLE_CONFIG when a package.json or tsconfig.json on
   *   the way is broken
   */
  resolve(specifier: string, importer: string, kind: ImportKind): Resolution
  explain(specifier: string, importer: string, kind?: ImportKind): readonly ResolutionStep[]
  /**
   * Names every package that goes into a bundle although packages stay imports: the project's
   * own, those of its workspace, and those listed in `inline`; without those in `externals`.
   *
   * Exact and sorted, so that a build can ask for these names, and paths below them, and for no
   * others. Remembered until `clear()`.
   */
  inlineNames(): readonly string[]
  /**
   * Returns the version of the package that a file belongs to; undefined where none says one.
   *
   * @throws SomonError SOMON_RESOLVE_UNREADABLE_CONFIG when a package.json on the way is broken
   */
  versionOf(file: string): string | undefined
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
  /**
   * Names of packages that stay imports even when packages are bundled; `name` covers the paths
   * below it too, `name/*` covers only those, `@scope/*` a whole scope.
   */
  readonly externals: readonly string[]
  /** Names of packages, in the same form, that are sources even when packages stay imports. */
  readonly inline: readonly string[]
  readonly externalPolicy: 'any' | 'declared'
  /** Globs of package names or hosts; what none matches is refused. */
  readonly allowedSources: readonly string[]
  readonly conditions: readonly string[]
  /**
   * Replacements as esbuild makes them: `name` also replaces `name/below`, keeping what is below;
   * `prefix/*` is the same for paths below only. Relative replacements start at the root.
   */
  readonly alias: Readonly<Record<string, string>>
  /** Absolute path; undefined means the nearest tsconfig.json of each file. */
  readonly tsconfig: string | undefined
}
