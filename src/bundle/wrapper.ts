import type { RelPath } from '../base/project-path.ts'

/**
 * What the code of an artifact evaluates to in `vm.Script`: the agreement between `bundle`, which
 * writes the text, and `evaluate`, which calls it. Parameters are passed by position.
 *
 * Calling it runs nothing of the module. The function it returns makes a generator: the first
 * `next()` calls `register` (hoisted functions already work, everything else is in its temporal
 * dead zone), the second reads `imports` once and runs the module to its end. With top-level await
 * (`Artifact.tla`) it is an async generator; its first `next()` registers synchronously as well.
 */
export type ArtifactWrapper = (
  register: RegisterExports,
  /** Filled before the second `next()`: namespaces in the order of `Artifact.deps`. */
  imports: readonly Readonly<Record<string, unknown>>[],
  /** Returns the `import.meta` of a source file: the same object each time. */
  importMeta: (file: RelPath) => object,
  /** Answers `import(…)`; `site` is an index of `Artifact.dynamicSites`. */
  dynamicImport: (site: number, specifier: unknown, options?: unknown) => Promise<unknown>,
  require: NodeJS.Require,
  setTimeout: unknown,
  clearTimeout: unknown,
  setInterval: unknown,
  clearInterval: unknown,
  setImmediate: unknown,
  clearImmediate: unknown,
) => () => Generator<undefined, void> | AsyncGenerator<undefined, void>

/**
 * Receives the exports of a module.
 *
 * @param getters - one function per exported name that returns its present value; the object has
 *   no other members, and a name may be any string, `__proto__` included
 * @param stars - indexes of `Artifact.deps` whose names are exported too (`export * from`): not
 *   `default`, not a name of `getters`, and not a name that two of them bind differently
 */
export type RegisterExports = (
  getters: Readonly<Record<string, () => unknown>>,
  stars: readonly number[],
) => void
