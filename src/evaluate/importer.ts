import type { RelPath } from '../base/project-path.ts'
import type { Namespace } from './generation.ts'
import type { ExternalPackage, ImportGuards } from './import-guard.ts'

/** The generation for which packages are imported. */
export class Importer {
  /** The entry of its module. */
  readonly owner: RelPath
  /** By the namespace that each stands in for; most generations have none. */
  #facades: Map<Namespace, Namespace> | undefined

  constructor(owner: RelPath) {
    this.owner = owner
  }

  /**
   * What the generation sees of a package: the namespace, or one object of its own for as long as
   * it lives.
   *
   * @param from - the source file that imports it, for errors
   */
  see(
    namespace: Namespace,
    external: ExternalPackage,
    guards: ImportGuards,
    from: RelPath,
  ): Namespace {
    const made = this.#facades?.get(namespace)
    if (made !== undefined) return made
    const facade = guards.facadeOf(this.owner, external, namespace, from)
    if (facade === namespace) return namespace
    this.#facades ??= new Map()
    this.#facades.set(namespace, facade)
    return facade
  }
}
