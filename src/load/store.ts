import type { Digest } from '../base/digest.ts'
import { digest } from '../base/digest.ts'
import type { Artifact } from '../bundle/artifact.ts'
import type { BuildMetafile } from '../bundle/metafile.ts'
import type { ByteTier, LocalTier } from '../cache/tier.ts'
import {
  artifactFromBytes,
  artifactToBytes,
  metafileFromBytes,
  metafileToBytes,
} from './artifact-bytes.ts'
import type { CodeCacheMaker } from './code-cache.ts'
import { codeCacheKey, unwrapCodeCache, wrapCodeCache } from './code-cache.ts'
import type { InputsManifest, SeenFile, Variant } from './manifest.ts'
import { parseVariants, serialiseVariants, withVariant, withoutStats } from './manifest.ts'
import { SeenFiles } from './seen-files.ts'

/** An artifact with the bytes of its assets, by digest. */
export interface StoredArtifact {
  readonly artifact: Artifact
  readonly assets: ReadonlyMap<Digest, Uint8Array>
}

/** What the disk holds of a state. */
export interface StoredState extends StoredArtifact {
  /** V8's, verified; undefined when none is stored. */
  readonly codeCache: Uint8Array | undefined
  /** What the record of the state should say; the very list it has when that is right. */
  readonly seen: readonly SeenFile[]
}

/** What a build leaves to be stored. */
export interface StoreRecord extends StoredArtifact {
  readonly manifest: InputsManifest
  readonly metafile: BuildMetafile
  /** The source map, when it was made with the code. */
  readonly map: string | undefined
}

/**
 * Keeps artifacts in byte tiers.
 *
 * Blobs are named by the digest of their bytes and written before the record that names them, so
 * whatever a record names is either there and right or a miss. Records are replaced whole;
 * of two processes that write one at once the last wins, which costs the other's newest state.
 * The disk is read synchronously (13 µs a file against 33), an external tier never is.
 */
export class ArtifactStore {
  readonly #disk: LocalTier
  readonly #external: () => ByteTier | undefined
  readonly #maker: CodeCacheMaker
  /** The end of the line of writes to one key: a record is read, changed and written back. */
  readonly #lines = new Map<Digest, Promise<void>>()

  constructor(parts: {
    readonly disk: LocalTier
    /** Undefined while no external tier is switched on. */
    readonly external: () => ByteTier | undefined
    readonly maker: CodeCacheMaker
  }) {
    this.#disk = parts.disk
    this.#external = parts.external
    this.#maker = parts.maker
  }

  get hasExternal(): boolean {
    return this.#external() !== undefined
  }

  /** The states of a key on this machine, newest hit first; none when there is no sound record. */
  variants(key: Digest): readonly Variant[] {
    const bytes = this.#disk.getSync(`keys/${key}`)
    return bytes === undefined ? [] : (parseVariants(bytes, key) ?? [])
  }

  /**
   * The artifact of a state; undefined when any of its blobs is missing or is not what it says.
   *
   * @param options - `hash`: every file is hashed, even those that were seen whole before
   */
  artifact(
    variant: Variant,
    { hash = false }: { readonly hash?: boolean } = {},
  ): StoredState | undefined {
    const files = new SeenFiles(this.#disk, variant.seen, { hash })
    const stored = assemble(variant, (name) =>
      files.read(`blobs/${name}`, (bytes) => digest(bytes) === name),
    )
    if (stored === undefined) return undefined
    const { codeId } = stored.artifact
    const wrapped = files.read(codeCacheKey(codeId, this.#maker), () => true)
    const codeCache = wrapped && unwrapCodeCache(wrapped, codeId, this.#maker)
    return { ...stored, codeCache, seen: files.rows }
  }

  /** The states of a key in the external tier; their stats mean nothing here. */
  async externalVariants(key: Digest, signal: AbortSignal): Promise<readonly Variant[]> {
    const bytes = await this.#external()?.get(`keys/${key}`, signal)
    return bytes === undefined ? [] : (parseVariants(bytes, key) ?? [])
  }

  /** The artifact of an external state, and the import graph, for the disk to keep. */
  async externalRecord(variant: Variant, signal: AbortSignal): Promise<StoreRecord | undefined> {
    const tier = this.#external()
    const blobs = new Map<Digest, Uint8Array>()
    await Promise.all(
      variant.blobs.map(async (name) => {
        const bytes = await tier?.get(`blobs/${name}`, signal)
        if (bytes !== undefined && digest(bytes) === name) blobs.set(name, bytes)
      }),
    )
    const stored = assemble(variant, (name) => blobs.get(name))
    const graph = blobs.get(variant.graph)
    const metafile = graph === undefined ? undefined : metafileFromBytes(graph)
    if (stored === undefined || metafile === undefined) return undefined
    return { ...stored, manifest: variant.manifest, metafile, map: undefined }
  }

  /** Stores a build on the disk and, without stats, in the external tier. */
  async put(record: StoreRecord): Promise<void> {
    // Packing hashes everything once more: whoever waits for the artifact goes first.
    await new Promise(setImmediate)
    const external = this.#external()
    if (external === undefined && this.#disk.isWritable?.() === false) return
    const packed = pack(record)
    const local = this.#putPacked(packed)
    if (external === undefined) return local
    await Promise.all([local, this.#putExternal(external, packed)])
  }

  /** Stores on the disk alone what came from the external tier. */
  putLocal(record: StoreRecord): Promise<void> {
    return this.#putPacked(pack(record))
  }

  /** Puts a state first in the record of its key: it was built, hit or refreshed. */
  promote(variant: Variant): Promise<void> {
    const { key } = variant.manifest
    const before = this.#lines.get(key) ?? Promise.resolve()
    const line = before.then(() =>
      this.#disk.set(`keys/${key}`, serialiseVariants(withVariant(this.variants(key), variant))),
    )
    this.#lines.set(key, line)
    return line.finally(() => {
      if (this.#lines.get(key) === line) this.#lines.delete(key)
    })
  }

  graph(name: Digest): BuildMetafile | undefined {
    const bytes = this.#blobSync(name)
    return bytes === undefined ? undefined : metafileFromBytes(bytes)
  }

  asset(sha256: Digest): Uint8Array | undefined {
    return this.#blobSync(sha256)
  }

  map(artifactId: Digest): string | undefined {
    const bytes = this.#disk.getSync(`maps/${artifactId}`)
    return bytes === undefined ? undefined : Buffer.from(bytes).toString()
  }

  /** Whether a map is stored, whole or not: to read it would be most of a start. */
  hasMap(artifactId: Digest): boolean {
    return this.#disk.hasSync(`maps/${artifactId}`)
  }

  /** False while the disk keeps nothing. */
  get isWritable(): boolean {
    return this.#disk.isWritable?.() !== false
  }

  putMap(artifactId: Digest, map: string): Promise<void> {
    return this.#disk.set(`maps/${artifactId}`, Buffer.from(map))
  }

  codeCache(codeId: Digest): Uint8Array | undefined {
    const bytes = this.#disk.getSync(codeCacheKey(codeId, this.#maker))
    return bytes === undefined ? undefined : unwrapCodeCache(bytes, codeId, this.#maker)
  }

  putCodeCache(codeId: Digest, bytes: Uint8Array): Promise<void> {
    const wrapped = wrapCodeCache(codeId, this.#maker, bytes)
    return this.#disk.set(codeCacheKey(codeId, this.#maker), wrapped)
  }

  #blobSync(name: Digest): Uint8Array | undefined {
    const bytes = this.#disk.getSync(`blobs/${name}`)
    return bytes !== undefined && digest(bytes) === name ? bytes : undefined
  }

  async #putPacked({ variant, blobs, map }: Packed): Promise<void> {
    await putBlobs(this.#disk, blobs)
    if (map !== undefined) await this.putMap(variant.manifest.artifact, map)
    await this.promote(variant)
  }

  async #putExternal(tier: ByteTier, { variant, blobs }: Packed): Promise<void> {
    await putBlobs(tier, blobs)
    const { key } = variant.manifest
    const bytes = await tier.get(`keys/${key}`)
    const others = bytes === undefined ? [] : (parseVariants(bytes, key) ?? [])
    const newest = { ...variant, manifest: withoutStats(variant.manifest), seen: [] }
    await tier.set(`keys/${key}`, serialiseVariants(withVariant(others, newest)))
  }
}

interface Packed {
  readonly variant: Variant
  readonly blobs: ReadonlyMap<Digest, Uint8Array>
  readonly map: string | undefined
}

function pack(record: StoreRecord): Packed {
  const artifact = artifactToBytes(record.artifact)
  const metafile = metafileToBytes(record.metafile)
  const blob = digest(artifact)
  const graph = digest(metafile)
  const blobs = new Map<Digest, Uint8Array>([[blob, artifact], [graph, metafile], ...record.assets])
  const { manifest, map } = record
  const variant = { manifest, blob, graph, blobs: [...blobs.keys()], seen: [] }
  return { variant, blobs, map }
}

async function putBlobs(tier: ByteTier, blobs: ReadonlyMap<Digest, Uint8Array>): Promise<void> {
  await Promise.all([...blobs].map(([name, bytes]) => tier.set(`blobs/${name}`, bytes)))
}

function assemble(
  variant: Variant,
  blob: (name: Digest) => Uint8Array | undefined,
): StoredArtifact | undefined {
  const bytes = blob(variant.blob)
  if (bytes === undefined) return undefined
  const artifact = artifactFromBytes(bytes, variant.manifest.artifact)
  if (artifact === undefined) return undefined
  const assets = new Map<Digest, Uint8Array>()
  for (const { sha256 } of artifact.assets) {
    const asset = blob(sha256)
    if (asset === undefined) return undefined
    assets.set(sha256, asset)
  }
  return { artifact, assets }
}
