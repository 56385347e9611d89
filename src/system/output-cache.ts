import { canonicalJson } from '../base/canonical-json.ts'
import type { Clock } from '../base/clock.ts'
import type { Digest } from '../base/digest.ts'
import { digest } from '../base/digest.ts'
import { fromRelPath } from '../base/project-path.ts'
import type { RelPath } from '../base/project-path.ts'
import { VERSION } from '../base/version.ts'
import type { BuildMessage } from '../bundle/build-message.ts'
import type { BundleMetafile, BundleOutput } from '../bundle/output.ts'
import type { OutputBuild } from '../bundle/output-build.ts'
import type { EsbuildMetafile } from '../bundle/esbuild.ts'
import { readMetafile } from '../bundle/read-metafile.ts'
import { writeOutput } from '../bundle/write-output.ts'
import type { DiskTier } from '../cache/disk.ts'
import { HASHED } from '../cache/envelope.ts'
import { withKnownHashes } from '../load/known-hashes.ts'
import type { Variant } from '../load/manifest.ts'
import { parseVariants, serialiseVariants, withVariant } from '../load/manifest.ts'
import type { SyncFs } from '../load/sync-fs.ts'
import { validate, type ValidateMode } from '../load/validate.ts'
import type { OutputCache, RecalledOutputs, WrittenOutputs } from './bundle-outputs.ts'
import { collectOutputInputs } from './output-inputs.ts'
import { withoutOutputs } from './without-outputs.ts'

/** What the memory of output builds works with. */
export interface OutputCacheParts {
  readonly disk: Pick<DiskTier, 'getSync' | 'hasSync' | 'setAllSync'>
  readonly fs: SyncFs
  readonly clock: Clock
  readonly validate: ValidateMode
  /** What decides the outputs beside the options: esbuild's version, the plugins' keys. */
  readonly madeBy: readonly string[]
}

/**
 * Remembers output builds in the disk cache, in the same form as artifacts: a key holds up to
 * four states of the inputs, each with the blobs it needs.
 */
export function createOutputCache(parts: OutputCacheParts): OutputCache {
  return {
    recall: (build, needsGraph) => recall(parts, build, needsGraph),
    remember: (build, written, startedAt) => remember(parts, build, written, startedAt),
  }
}

/** The blob that a state names: everything about a build but the bytes and the import graph. */
interface OutputRecord {
  readonly outputs: readonly {
    readonly path: RelPath
    readonly bytes: number
    readonly sha256: Digest
    readonly entry?: RelPath
  }[]
  readonly warnings: readonly BuildMessage[]
}

async function recall(
  parts: OutputCacheParts,
  build: OutputBuild,
  needsGraph: boolean,
): Promise<RecalledOutputs | undefined> {
  const { disk, clock } = parts
  const fs = withoutOutputs(parts.fs, build)
  const key = keyOf(parts, build)
  const variants = variantsOf(parts, key)
  for (const variant of variants) {
    const now = clock.now()
    const verdict = validate(variant.manifest, fs, now, { mode: parts.validate })
    if (!verdict.hit) continue
    const recalled = putBack(parts, build.root, variant, needsGraph)
    if (recalled === undefined) continue
    if (verdict.refreshed !== undefined || variant !== variants[0]) {
      const newest = { ...variant, manifest: verdict.refreshed ?? variant.manifest }
      disk.setAllSync(new Map([[placeOf(key), serialiseVariants(withVariant(variants, newest))]]))
    }
    return recalled
  }
  return undefined
}

/** Undefined when a blob is gone: then a build is the answer. */
function putBack(
  parts: OutputCacheParts,
  root: string,
  variant: Variant,
  needsGraph: boolean,
): RecalledOutputs | undefined {
  const text = readBlob(parts, variant.blob)
  if (text === undefined) return undefined
  const graph = needsGraph ? readBlob(parts, variant.graph) : undefined
  if (needsGraph ? graph === undefined : !parts.disk.hasSync(`blobs/${variant.graph}`)) {
    return undefined
  }
  const record = parseJson(text) as OutputRecord
  const restored: RelPath[] = []
  for (const { path, sha256 } of record.outputs) {
    if (parts.fs.hash(path)?.sha256 === sha256) continue
    const bytes = readBlob(parts, sha256)
    if (bytes === undefined) return undefined
    writeOutput(fromRelPath(root, path), bytes)
    restored.push(path)
  }
  const outputs = record.outputs.map((output): BundleOutput => ({
    ...output,
    entry: output.entry,
    contents: undefined,
  }))
  const metafile = (): BundleMetafile => readGraph(graph ?? readBlob(parts, variant.graph))
  return { outputs, warnings: record.warnings, metafile, restored }
}

async function remember(
  parts: OutputCacheParts,
  build: OutputBuild,
  written: WrittenOutputs,
  startedAt: number,
): Promise<string | undefined> {
  const { disk, clock } = parts
  const now = clock.now()
  const key = keyOf(parts, build)
  const variants = variantsOf(parts, key)
  const fs = sinceLast(withoutOutputs(parts.fs, build), variants, now, parts.validate)
  const { report, reportBytes, warnings } = written.built
  const inputs = await collectOutputInputs({ build, report, startedAt }, fs)
  if (typeof inputs === 'string') return inputs
  const record: OutputRecord = {
    outputs: written.outputs.map(({ path, bytes, sha256, entry }) =>
      entry === undefined ? { path, bytes, sha256 } : { path, bytes, sha256, entry },
    ),
    warnings,
  }
  const blobs = new Map(written.outputs.map(({ sha256, path }) => [sha256, written.bytes(path)]))
  const add = (bytes: Uint8Array): Digest => {
    const name = digest(bytes)
    blobs.set(name, bytes)
    return name
  }
  const blob = add(Buffer.from(JSON.stringify(record)))
  const graph = add(reportBytes ?? Buffer.from(JSON.stringify(report)))
  const manifest = {
    ...inputs,
    format: 1,
    key,
    artifact: blob,
    builtAt: now,
    validatedAt: now,
  } as const
  const newest: Variant = { manifest, blob, graph, blobs: [...blobs.keys()], seen: [] }
  const states = serialiseVariants(withVariant(variants, newest))
  const entries = new Map([...blobs].map(([name, bytes]) => [`blobs/${name}`, bytes]))
  // Last: a key never names what is not there.
  disk.setAllSync(entries.set(placeOf(key), states))
  return undefined
}

/** What the newest state has hashed is not read again: docs/design/0004 says why all else is. */
function sinceLast(
  fs: SyncFs,
  [newest]: readonly Variant[],
  now: number,
  mode: ValidateMode,
): SyncFs {
  return newest === undefined ? fs : withKnownHashes(fs, newest.manifest, now, mode)
}

/** Where the project lies does not matter: everything else of a build is relative to it. */
function keyOf({ madeBy }: OutputCacheParts, build: OutputBuild): Digest {
  return digest(
    canonicalJson({ kind: 'output', somon: VERSION, madeBy, ...build, root: undefined }),
  )
}

/** Every bundle hashes its outputs, so node:crypto is there to open it. */
function placeOf(key: Digest): string {
  return `keys/${key}${HASHED}`
}

function variantsOf({ disk }: OutputCacheParts, key: Digest): readonly Variant[] {
  // Most often there is none, and asking costs a tenth of the exception.
  const place = placeOf(key)
  const bytes = disk.hasSync(place) ? disk.getSync(place) : undefined
  return bytes === undefined ? [] : (parseVariants(bytes, key) ?? [])
}

function readBlob({ disk }: OutputCacheParts, name: Digest): Uint8Array | undefined {
  const bytes = disk.getSync(`blobs/${name}`)
  return bytes !== undefined && digest(bytes) === name ? bytes : undefined
}

/** Only a graph that was not asked for at once can be gone by now. */
function readGraph(bytes: Uint8Array | undefined): BundleMetafile {
  if (bytes === undefined) throw new Error('Cannot read the import graph: the cache has lost it')
  return readMetafile(parseJson(bytes) as EsbuildMetafile)
}

/** The digest of the bytes was checked, so the text is the one that was written. */
function parseJson(bytes: Uint8Array): unknown {
  return JSON.parse(Buffer.from(bytes).toString())
}
