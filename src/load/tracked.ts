import type { Digest } from '../base/digest.ts'
import type { RelPath } from '../base/project-path.ts'
import type { BuildInputs } from '../bundle/build-inputs.ts'
import type { BuildMetafile } from '../bundle/metafile.ts'
import type { InputsManifest } from './manifest.ts'
import type { TrackedInputs } from './stale.ts'

/** What is known of the last good state of an entry. */
export interface TrackedState {
  readonly manifest: InputsManifest
  /** The import graph itself, or the blob that holds it. */
  readonly graph: BuildMetafile | Digest
}

/**
 * Remembers what entries depend on after their artifact may have left memory: for watching,
 * staleness and the graph.
 *
 * Invariants: an entry that is retained stays, whatever comes; of the others the last
 * `UNRETAINED_LIMIT` stay, so that asking for endless different entries holds no memory. A
 * failure keeps the last good state beside it, and goes with the next success.
 */
export class TrackedEntries {
  readonly #entries = new Map<RelPath, Tracked>()
  readonly #retained = new Map<RelPath, number>()

  succeed(entry: RelPath, { manifest, graph }: TrackedState): void {
    this.#put(entry, { state: { manifest, graph }, failed: undefined })
  }

  fail(entry: RelPath, inputs: BuildInputs): void {
    this.#put(entry, { state: this.#entries.get(entry)?.state, failed: inputs })
  }

  state(entry: RelPath): TrackedState | undefined {
    return this.#entries.get(entry)?.state
  }

  /** Holds an entry until the returned function has been called. */
  retain(entry: RelPath): () => void {
    this.#retained.set(entry, (this.#retained.get(entry) ?? 0) + 1)
    let retained = true
    return () => {
      if (!retained) return
      retained = false
      const left = (this.#retained.get(entry) ?? 1) - 1
      if (left > 0) this.#retained.set(entry, left)
      else this.#retained.delete(entry)
      this.#trim()
    }
  }

  *states(): Generator<readonly [RelPath, TrackedState | undefined]> {
    for (const [entry, { state }] of this.#entries) yield [entry, state]
  }

  /** What every entry depends on, or each of those given; unknown ones are left out. */
  *inputs(entries?: Iterable<RelPath>): Generator<TrackedInputs> {
    for (const entry of entries ?? this.#entries.keys()) {
      const tracked = this.#entries.get(entry)
      if (tracked === undefined) continue
      const inputs = [tracked.state?.manifest, tracked.failed].filter((one) => one !== undefined)
      yield { entry, inputs }
    }
  }

  #put(entry: RelPath, tracked: Tracked): void {
    this.#entries.delete(entry)
    this.#entries.set(entry, tracked)
    this.#trim()
  }

  #trim(): void {
    let excess = this.#entries.size - this.#retained.size - UNRETAINED_LIMIT
    if (excess <= 0) return
    for (const entry of this.#entries.keys()) {
      if (excess <= 0) return
      if (this.#retained.has(entry)) continue
      this.#entries.delete(entry)
      excess -= 1
    }
  }
}

/** How many entries without a live module stay in the graph; the oldest go first. */
export const UNRETAINED_LIMIT = 1000

interface Tracked {
  readonly state: TrackedState | undefined
  readonly failed: BuildInputs | undefined
}
