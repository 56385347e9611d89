import type { Clock } from '../base/clock.ts'
import { CoveredAddresses } from '../guard/edges/covered.ts'
import type { Edge, EdgeHost } from '../guard/edges/edge.ts'
import { createHttpEdge } from '../guard/edges/http.ts'
import { createSocketEdge } from '../guard/edges/socket.ts'
import { createUndiciEdge, type UndiciEdge } from '../guard/edges/undici.ts'

/**
 * The edges of one system: they watch what its modules reach, from the first load to the end.
 *
 * Other code of the process passes them untouched.
 */
export class GuardEdges {
  readonly #undici: UndiciEdge
  readonly #edges: readonly Edge[]
  #installed: readonly Disposable[] | undefined

  constructor(host: EdgeHost, clock: Clock) {
    const covered = new CoveredAddresses()
    this.#undici = createUndiciEdge(host, { clock, covered })
    this.#edges = [this.#undici, createHttpEdge(host, covered), createSocketEdge(host, covered)]
  }

  /** Begins to watch; does nothing when it has begun. */
  install(): void {
    this.#installed ??= this.#edges.map((edge) => edge.install())
  }

  /** Comes before a request by `fetch`: what it goes through may have been made just now. */
  beforeFetch(): void {
    this.#undici.ensure()
  }

  /** Comes after an import of a package, which may have brought an undici along. */
  afterImport(): void {
    this.#undici.notice()
  }

  /** Leaves nothing behind: no subscription, and the dispatcher that was there before. */
  dispose(): void {
    for (const edge of this.#installed ?? []) edge[Symbol.dispose]()
    this.#installed = []
  }
}
