import type { Clock } from '../base/clock.ts'
import type { Digest } from '../base/digest.ts'
import type { BuildMetafile } from '../bundle/metafile.ts'
import type { BackgroundWrites } from './background-writes.ts'
import type { InputChange } from './loaded-artifact.ts'
import type { InputsManifest, Variant } from './manifest.ts'
import type { Resident } from './resident.ts'
import type { ArtifactStore, StoredState, StoreRecord } from './store.ts'
import type { SyncFs } from './sync-fs.ts'
import type { ValidateMode, Verdict } from './validate.ts'
import { validate } from './validate.ts'

/** The answer of one tier. */
export type Looked =
  | { readonly resident: Resident }
  /** Nothing at all was known when `because` is empty. */
  | { readonly resident: undefined; readonly because: readonly InputChange[] }

/** Looks for valid artifacts, one tier at a time. */
export class Lookup {
  readonly #store: ArtifactStore
  readonly #fs: SyncFs
  readonly #clock: Clock
  readonly #writes: BackgroundWrites

  constructor(parts: {
    readonly store: ArtifactStore
    readonly fs: SyncFs
    readonly clock: Clock
    readonly writes: BackgroundWrites
  }) {
    this.#store = parts.store
    this.#fs = parts.fs
    this.#clock = parts.clock
    this.#writes = parts.writes
  }

  /** Checks what is already in memory. */
  memory(held: Resident, mode: ValidateMode): Verdict {
    return validate(held.manifest, this.#fs, this.#clock.now(), { mode })
  }

  /**
   * Checks the states that the disk remembers, newest hit first.
   *
   * @param options - `keep: false` changes nothing on the disk, for `explain`
   */
  disk(key: Digest, mode: ValidateMode, { keep }: { readonly keep: boolean } = KEEP): Looked {
    let because: readonly InputChange[] | undefined
    for (const [index, variant] of this.#store.variants(key).entries()) {
      const verdict = validate(variant.manifest, this.#fs, this.#clock.now(), { mode })
      if (!verdict.hit) {
        because ??= verdict.because
        continue
      }
      const stored = this.#store.artifact(variant, { hash: mode === 'hash' })
      if (stored === undefined) {
        because ??= [damaged(variant)]
        continue
      }
      const manifest = verdict.refreshed ?? variant.manifest
      const { seen } = stored
      if (keep && (index > 0 || verdict.refreshed !== undefined || seen !== variant.seen)) {
        this.#writes.add(key, this.#store.promote({ ...variant, manifest, seen }))
      }
      return { resident: residentOf(stored, manifest, variant.graph) }
    }
    return { resident: undefined, because: because ?? [] }
  }

  /** Checks the states of the external tier by hash; a hit is kept on the disk with its stats. */
  async external(
    key: Digest,
    signal: AbortSignal,
    { keep }: { readonly keep: boolean } = KEEP,
  ): Promise<Looked> {
    let because: readonly InputChange[] | undefined
    for (const variant of await this.#store.externalVariants(key, signal)) {
      const verdict = validate(variant.manifest, this.#fs, this.#clock.now(), { mode: 'hash' })
      if (!verdict.hit) {
        because ??= verdict.because
        continue
      }
      const stored = await this.#store.externalRecord(variant, signal)
      if (stored === undefined) {
        because ??= [damaged(variant)]
        continue
      }
      const manifest = verdict.refreshed ?? variant.manifest
      const record: StoreRecord = { ...stored, manifest }
      if (keep) this.#writes.add(key, this.#store.putLocal(record))
      const codeCache = this.#store.codeCache(stored.artifact.codeId)
      return { resident: residentOf({ ...stored, codeCache }, manifest, stored.metafile) }
    }
    return { resident: undefined, because: because ?? [] }
  }

  /** Everything that differs from the newest remembered state. */
  explain(held: Resident | undefined, key: Digest, mode: ValidateMode): readonly InputChange[] {
    const manifest = held?.manifest ?? this.#store.variants(key)[0]?.manifest
    if (manifest === undefined) return []
    const verdict = validate(manifest, this.#fs, this.#clock.now(), { mode, complete: true })
    return verdict.hit ? [] : verdict.because
  }
}

function residentOf(
  stored: Pick<StoredState, 'artifact' | 'assets' | 'codeCache'>,
  manifest: InputsManifest,
  graph: BuildMetafile | Digest,
): Resident {
  const { artifact, assets, codeCache } = stored
  return { artifact, assets, manifest, graph, codeCache, map: undefined }
}

const KEEP = { keep: true } as const

function damaged(variant: Variant): InputChange {
  return { kind: 'blob', subject: variant.blob, was: 'stored', is: 'missing or damaged' }
}
