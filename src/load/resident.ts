import type { Clock } from '../base/clock.ts'
import type { Digest } from '../base/digest.ts'
import type { Emitter } from '../base/events.ts'
import type { Artifact } from '../bundle/artifact.ts'
import type { BuildMetafile } from '../bundle/metafile.ts'
import type { CacheEvents } from '../cache/events.ts'
import type { MemoryLimits, MemoryTier } from '../cache/memory.ts'
import { createMemoryTier } from '../cache/memory.ts'
import { stringBytes } from '../cache/string-bytes.ts'
import type { InputsManifest } from './manifest.ts'
import type { StoredArtifact } from './store.ts'

/** What memory holds of one entry: an artifact with whatever is resident of it. */
export interface Resident extends StoredArtifact {
  /** The import graph itself, or the blob that holds it. */
  readonly graph: BuildMetafile | Digest
  manifest: InputsManifest
  codeCache: Uint8Array | undefined
  map: string | undefined
}

/** What memory holds, in bytes by part. */
export interface ResidentStats {
  readonly entries: number
  /** Residents and pinned together: what `maxBytes` bounds. */
  readonly bytes: number
  readonly parts: {
    readonly code: number
    readonly maps: number
    readonly codeCache: number
    readonly manifests: number
    readonly pinned: number
    /** The share of `pinned` that is a guess: bytecode of code without a code cache. */
    readonly estimated: number
  }
  readonly evictions: number
  readonly maxEntries: number
  readonly maxBytes: number
}

/**
 * The memory tier of artifacts: who is resident, what each part takes, and what live generations
 * hold of the same budget.
 *
 * Invariants: a resident whose parts changed has been counted anew before the change is visible
 * to others; the code of an artifact that a generation lives on is counted once, as pinned, and
 * no longer under the resident; `#keys` names exactly the residents.
 */
export class ResidentArtifacts {
  readonly #tier: MemoryTier<Resident>
  readonly #keys = new Map<Digest, Digest>()
  readonly #pins = new Map<Digest, Pinned>()
  readonly #manifests = new WeakMap<InputsManifest, number>()

  constructor(parts: {
    readonly limits: MemoryLimits
    readonly events: Emitter<CacheEvents>
    readonly clock: Clock
  }) {
    this.#tier = createMemoryTier<Resident>({
      ...parts.limits,
      sizeOf: (resident) => this.#bytesOf(resident),
      onEvict: (key, resident) => this.#unname(key, resident),
      events: parts.events,
      clock: parts.clock,
    })
  }

  /** As a load asks: counted, and the entry becomes recent. */
  get(key: Digest): Resident | undefined {
    return this.#tier.get(key)
  }

  peek(key: Digest): Resident | undefined {
    return this.#tier.peek(key)
  }

  byArtifact(id: Digest): Resident | undefined {
    const key = this.#keys.get(id)
    return key === undefined ? undefined : this.#tier.peek(key)
  }

  /** Keeps what fits; what does not is served and not kept. */
  set(key: Digest, resident: Resident): void {
    this.delete(key)
    if (this.#tier.set(key, resident)) this.#keys.set(resident.artifact.id, key)
  }

  /** Changes parts of a resident artifact; does nothing for one that has left. */
  update(id: Digest, parts: Partial<Pick<Resident, 'manifest' | 'codeCache' | 'map'>>): void {
    const key = this.#keys.get(id)
    const resident = this.byArtifact(id)
    if (key === undefined || resident === undefined) return
    Object.assign(resident, parts)
    this.#tier.resize(key)
  }

  delete(key: Digest): boolean {
    const resident = this.#tier.peek(key)
    if (resident !== undefined) this.#unname(key, resident)
    return this.#tier.delete(key)
  }

  clear(): number {
    const { entries } = this.#tier.stats()
    this.#tier.clear()
    this.#keys.clear()
    return entries
  }

  /**
   * Counts what one generation keeps alive: the source text and V8's bytecode.
   *
   * @param bytecodeBytes - the size of the code cache; unknown is estimated as 0.6 of the code
   * @returns ends the count; once
   */
  pin(artifact: Artifact, bytecodeBytes: number | undefined): () => void {
    const { id, code } = artifact
    const codeBytes = stringBytes(code)
    const pinned = this.#pins.get(id) ?? { codeBytes, holders: new Set() }
    const holder: Holder = {
      bytes: bytecodeBytes ?? Math.ceil(codeBytes * BYTECODE_SHARE),
      isEstimated: bytecodeBytes === undefined,
    }
    pinned.holders.add(holder)
    this.#pins.set(id, pinned)
    this.#count(id, pinned)
    return () => {
      if (pinned.holders.delete(holder)) this.#count(id, pinned)
    }
  }

  /** Replaces the estimates of the generations of an artifact by the measured size. */
  measured(id: Digest, bytecodeBytes: number): void {
    const pinned = this.#pins.get(id)
    if (pinned === undefined) return
    for (const holder of pinned.holders) {
      holder.bytes = bytecodeBytes
      holder.isEstimated = false
    }
    this.#count(id, pinned)
  }

  configure(limits: Partial<MemoryLimits>): void {
    this.#tier.configure(limits)
  }

  stats(): ResidentStats {
    const { entries, bytes, pinnedBytes, estimatedBytes, evictions } = this.#tier.stats()
    const { maxEntries, maxBytes } = this.#tier.limits
    const parts = { code: 0, maps: 0, codeCache: 0, manifests: 0 }
    for (const resident of this.#tier.values()) {
      const own = this.#partsOf(resident)
      parts.code += own.code
      parts.maps += own.maps
      parts.codeCache += own.codeCache
      parts.manifests += own.manifests
    }
    return {
      entries,
      bytes: bytes + pinnedBytes,
      parts: { ...parts, pinned: pinnedBytes, estimated: estimatedBytes },
      evictions,
      maxEntries,
      maxBytes,
    }
  }

  /** Two keys may hold one artifact: the name stays with the newer one. */
  #unname(key: Digest, { artifact }: Resident): void {
    if (this.#keys.get(artifact.id) === key) this.#keys.delete(artifact.id)
  }

  #count(id: Digest, pinned: Pinned): void {
    if (pinned.holders.size === 0) {
      this.#pins.delete(id)
      this.#tier.unpin(id)
    } else {
      let bytes = pinned.codeBytes
      let estimated = 0
      for (const holder of pinned.holders) {
        bytes += holder.bytes
        if (holder.isEstimated) estimated += holder.bytes
      }
      this.#tier.pin(id, bytes, estimated)
    }
    const key = this.#keys.get(id)
    if (key !== undefined) this.#tier.resize(key)
  }

  #bytesOf(resident: Resident): number {
    const { code, maps, codeCache, manifests } = this.#partsOf(resident)
    return code + maps + codeCache + manifests
  }

  /** Counted once for each record: there may be hundreds of rows, and pins count anew. */
  #manifestBytes(resident: Resident): number {
    const known = this.#manifests.get(resident.manifest)
    if (known !== undefined) return known
    const bytes = manifestBytes(resident)
    this.#manifests.set(resident.manifest, bytes)
    return bytes
  }

  #partsOf(resident: Resident): ResidentParts {
    const { artifact, assets, codeCache, map } = resident
    let code = this.#pins.has(artifact.id) ? 0 : stringBytes(artifact.code)
    for (const asset of assets.values()) code += asset.byteLength
    return {
      code,
      maps: map === undefined ? 0 : stringBytes(map),
      codeCache: codeCache?.byteLength ?? 0,
      manifests: this.#manifestBytes(resident),
    }
  }
}

type ResidentParts = Record<'code' | 'maps' | 'codeCache' | 'manifests', number>

interface Pinned {
  readonly codeBytes: number
  readonly holders: Set<Holder>
}

interface Holder {
  bytes: number
  isEstimated: boolean
}

/** Bytecode, feedback and metadata that V8 makes of a source, as a share of its text. */
const BYTECODE_SHARE = 0.6

/** An array of seven cells with its numbers and the header of its string. */
const ROW_BYTES = 160

/**
 * The objects, digests and table slots of an entry without rows: with it 1,000 entries of five
 * inputs were reported as 9.5 KB each and grew the heap by 10.2 (measured, Node 24.21).
 */
const ENTRY_BYTES = 2000

function manifestBytes({ artifact, manifest, graph }: Resident): number {
  let bytes = ENTRY_BYTES
  const row = (text: string): void => {
    bytes += ROW_BYTES + text.length
  }
  // By index: taking hundreds of rows apart is noticed in every start.
  for (const file of manifest.files) row(file[0])
  for (const dir of manifest.dirs) row(dir[0])
  for (const link of manifest.symlinks) row(link[0])
  for (const path of manifest.absent) row(path)
  for (const [name] of manifest.env) row(name)
  for (const { path } of artifact.inputs) row(path)
  for (const { text } of artifact.warnings) row(text)
  if (typeof graph === 'string') return bytes
  for (const [path, input] of Object.entries(graph.inputs)) {
    row(path)
    for (const imported of input.imports) row(imported.path)
  }
  return bytes
}
