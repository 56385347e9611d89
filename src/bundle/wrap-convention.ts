/**
 * The calling convention between `bundle/wrap.ts`, which writes a wrapped text, and `evaluate/`,
 * which runs it. Both read this file; nothing else knows the order of the parameters.
 *
 * ```js
 * (function($s,$d,$m,require,setTimeout,…,fetch,$i0,$i1){"use strict";return (function*(){
 *   $s({__proto__:null,"a":()=>a,"default":()=>b},[2]);yield;let join=$d[0]["join"],ns=$d[1]; …body…
 * })})
 * ```
 *
 * - The text is one parenthesised function expression: the script's completion value. So is the
 *   one it returns: V8 compiles what stands in parentheses at once, and what does not is read
 *   twice, when the script is compiled and when it is called.
 * - Called with the parameters below it returns a generator function without parameters
 *   (an async one when the artifact has top-level await), which is called without `this`.
 * - The first `next()` registers the exports through `$s`; hoisted functions are visible from
 *   then on. `$d` is filled between the two; the second `next()` assigns the imports and runs
 *   the body to its end.
 * - Everything up to the body stands on line 1 and is `Artifact.head` characters long.
 *
 * Names that start with `$` get a common suffix when the user's text contains one of them, so
 * only their order counts. The others are fixed: user code calls them by name, and may declare
 * them itself because it stands one function deeper.
 */
export interface WrapperScope {
  /**
   * Takes the exports, once: a getter for each own name, and the indexes in `deps` of those
   * dependencies whose names are all re-exported (`export * from`), if any; and a getter of the
   * object that holds, once the body has run, the names that only then are known.
   *
   * Every wrapped text mentions it, so the scope of each function of the module holds it as long
   * as that function lives: it is also what the leak detector watches.
   */
  readonly $s: (
    getters: Readonly<Record<string, () => unknown>>,
    stars?: readonly number[],
    late?: () => Readonly<Record<string, unknown>>,
  ) => void
  /**
   * The namespaces of the dependencies, by their index in `Artifact.deps`. Filled when the
   * generation is bound: it may be read from the second `next()` on, not before.
   */
  readonly $d: readonly Readonly<Record<string, unknown>>[]
  /** Returns the `import.meta` of a source file, the same object each time; paths as in `inputs`. */
  readonly $m: (file: string) => object
  /** `createRequire` of the entry: for CommonJS sources in the bundle. */
  readonly require: (id: string) => unknown
  readonly setTimeout: (...args: never[]) => unknown
  readonly setInterval: (...args: never[]) => unknown
  readonly setImmediate: (...args: never[]) => unknown
  readonly clearTimeout: (handle: never) => void
  readonly clearInterval: (handle: never) => void
  readonly clearImmediate: (handle: never) => void
  /** Requests are attributed to the module that makes them. */
  readonly fetch: typeof globalThis.fetch
}

/**
 * The parameters in order. After them follows one for each `import(expression)`, named by
 * `dynamicSiteName`: `$i0`, `$i1`, … in the order of `Artifact.dynamicSites`; each is called as
 * `import(specifier, options?)` would be and returns the promise of a namespace.
 */
export const WRAPPER_PARAMETERS: readonly (keyof WrapperScope)[] = [
  '$s',
  '$d',
  '$m',
  'require',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
  'fetch',
]

/**
 * The name of the parameter for one `import(expression)`. It is padded with spaces to the six
 * characters of `import`, so no column moves; a suffix against clashes goes before the padding.
 */
export function dynamicSiteName(index: number, suffix = ''): string {
  return `$i${index}${suffix}`.padEnd('import'.length)
}
