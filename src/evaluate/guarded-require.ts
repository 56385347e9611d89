import { createRequire, isBuiltin } from 'node:module'
import { settleError } from './settle-error.ts'
import { packageNameOf } from '../resolve/specifier.ts'
import type { Namespace } from './generation.ts'
import type { ExternalPackage, ImportGuard, ImportGuards } from './import-guard.ts'
import type { Importer } from './importer.ts'

/**
 * Makes the `require` of CommonJS sources: packages that are not there yet go through their guard.
 *
 * Node tries a failed `require` again by itself, and forgets it, so there is nothing to remember
 * but whom to tell when a package has been loaded after all.
 */
export class GuardedRequires {
  readonly #guards: ImportGuards | undefined
  /** By file and owner. */
  readonly #waiting = new Map<string, Map<string, ImportGuard>>()

  constructor(guards: ImportGuards | undefined) {
    this.#guards = guards
  }

  /** The `require` of a generation whose entry lies at `path`. */
  of(path: string, importer: Importer): NodeJS.Require {
    const plain = createRequire(path)
    const guards = this.#guards
    if (guards === undefined) return plain
    const loaded = new Map<string, Loaded>()
    const guarded = (id: string): unknown => {
      const known = loaded.get(id)
      if (known !== undefined && plain.cache[known.file]?.exports === known.exported) {
        return known.seen
      }
      const external = externalOf(id, plain)
      if (external === undefined) return plain(id)
      const found = this.#load(external, plain, importer, guards)
      loaded.set(id, found)
      return found.seen
    }
    return Object.assign(guarded, plain)
  }

  #load(
    external: ExternalPackage,
    plain: NodeJS.Require,
    importer: Importer,
    guards: ImportGuards,
  ): Loaded {
    const { specifier, file } = external
    const isThere = plain.cache[file] !== undefined
    const guard = isThere ? undefined : guards.guardOf(importer.owner, external)
    const exported: unknown =
      guard === undefined ? plain(specifier) : this.#loadGuarded(external, plain, importer, guard)
    const seen = isNamespaceLike(exported)
      ? importer.see(exported, external, guards, importer.owner)
      : exported
    return { file, exported, seen }
  }

  #loadGuarded(
    { specifier, file }: ExternalPackage,
    plain: NodeJS.Require,
    { owner }: Importer,
    guard: ImportGuard,
  ): unknown {
    let exported: unknown
    try {
      exported = guard.runSync(() => plain(specifier))
    } catch (error) {
      const waiting = this.#waiting.get(file) ?? new Map<string, ImportGuard>()
      this.#waiting.set(file, waiting.set(owner, guard))
      throw settleError(error)
    }
    for (const other of this.#waiting.get(file)?.values() ?? []) other.recovered()
    this.#waiting.delete(file)
    return exported
  }
}

/** What a specifier has led to; asked for again, it costs no more than Node's own `require`. */
interface Loaded {
  readonly file: string
  readonly exported: unknown
  /** The same, or what stands in for it because functions are declared. */
  readonly seen: unknown
}

/** The package that is meant; undefined for builtins, for paths, and for what Node does not find. */
function externalOf(id: unknown, plain: NodeJS.Require): ExternalPackage | undefined {
  if (typeof id !== 'string' || isBuiltin(id)) return undefined
  const packageName = packageNameOf(id)
  if (packageName === undefined) return undefined
  try {
    return { specifier: id, packageName, file: plain.resolve(id) }
  } catch {
    // Node says the same, in its own words, when it is asked to load it.
    return undefined
  }
}

/** Whether it is a bag of names; a function or an instance could not be stood in for. */
function isNamespaceLike(exported: unknown): exported is Namespace {
  if (typeof exported !== 'object' || exported === null) return false
  const prototype: unknown = Object.getPrototypeOf(exported)
  return prototype === null || prototype === Object.prototype
}
