import type { Namespace } from './generation.ts'

/**
 * The namespace of a generation: what an import of the module would see.
 *
 * Own names come first and are live getters. Names of `export * from "external"` follow when the
 * imports are bound; a name that two of them export differently is left out, as ECMAScript has it,
 * and `default` is never passed on. What only the body can tell (the names of a starred CommonJS
 * source, or of an external that a file below the entry stars) follows when it has run.
 */
export class NamespaceBuilder {
  readonly namespace: Namespace
  readonly #target: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  #stars: readonly number[] = []
  #late: (() => Namespace) | undefined

  constructor() {
    Object.defineProperty(this.#target, Symbol.toStringTag, { value: 'Module' })
    this.namespace = this.#target
  }

  /** Is the `$s` of the wrapper. */
  register(
    getters: Readonly<Record<string, () => unknown>>,
    stars: readonly number[] | undefined,
    late?: () => Namespace,
  ): void {
    for (const name of Object.keys(getters).toSorted()) {
      const get = getters[name]
      if (get !== undefined) this.#define(name, get)
    }
    this.#stars = stars ?? []
    this.#late = late
  }

  /** Adds the names of starred externals; more may follow when the body has run. */
  bind(dependencies: readonly Namespace[]): void {
    const own = new Set(Object.keys(this.#target))
    const sources = new Map<string, Namespace | undefined>()
    for (const index of this.#stars) {
      const external = dependencies[index]
      if (external === undefined) continue
      for (const name of Object.keys(external)) {
        if (name === 'default' || own.has(name)) continue
        const other = sources.get(name)
        const clashes = sources.has(name) && other?.[name] !== external[name]
        sources.set(name, clashes ? undefined : external)
      }
    }
    for (const [name, external] of sources) {
      if (external !== undefined) this.#define(name, () => external[name])
    }
    if (this.#late === undefined) Object.preventExtensions(this.#target)
  }

  /** Adds the names that the body has brought. */
  complete(): void {
    const gathered = this.#late?.()
    this.#late = undefined
    if (gathered === undefined) return
    for (const name of Object.keys(gathered)) {
      if (!Object.hasOwn(this.#target, name)) this.#define(name, () => gathered[name])
    }
    Object.preventExtensions(this.#target)
  }

  #define(name: string, get: () => unknown): void {
    Object.defineProperty(this.#target, name, { enumerable: true, get })
  }
}
