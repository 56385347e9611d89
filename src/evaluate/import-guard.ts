import type { RelPath } from '../base/project-path.ts'
import type { Namespace } from './generation.ts'

/** A package that Node imports. */
export interface ExternalPackage {
  /** What is handed to Node: the package's name, or a path below it. */
  readonly specifier: string
  readonly packageName: string
  /** Absolute path of the file that is imported. */
  readonly file: string
}

/**
 * What stands between the modules of a system and the packages that they import; `system` connects
 * it to the guards. Owners are the entries of the importing modules.
 */
export interface ImportGuards {
  /** Asked for an import that has yet to be made; undefined where nothing guards it. */
  guardOf(owner: RelPath, external: ExternalPackage): ImportGuard | undefined
  /**
   * What the module sees of an imported package: the namespace itself, or one in whose place
   * declared functions call through a guard.
   *
   * @param importer - the source file that imports it, for errors
   * @throws what says that a declared function cannot be guarded
   */
  facadeOf(
    owner: RelPath,
    external: ExternalPackage,
    namespace: Namespace,
    importer: RelPath,
  ): Namespace
}

/** What stands between one module and one package while it is imported. */
export interface ImportGuard {
  /**
   * Runs an import, or refuses it.
   *
   * @param load - its signal aborts when nobody waits for it any more
   */
  run<T>(load: (signal: AbortSignal) => Promise<T>): Promise<T>
  runSync<T>(load: () => T): T
  /** The package has been imported, by whomever, so nobody will ask again. */
  recovered(): void
  /** No further import of it can succeed in this process. */
  stuck(specifier: string, attempts: number): void
}
