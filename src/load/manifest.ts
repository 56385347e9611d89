import type { Digest } from '../base/digest.ts'
import type { BuildInputs, InputFile } from '../bundle/build-inputs.ts'
import { ALL_NAMES } from '../bundle/dir-names.ts'
import type { Sighting } from '../cache/sighting.ts'

/**
 * The validity record of one artifact: what its build depended on, with the stat data that lets
 * a check skip reading. The only mutable thing in the cache: a check that had to hash refreshes it.
 */
export interface InputsManifest extends BuildInputs {
  readonly format: 1
  /** The request key: digest of entry and fingerprint. */
  readonly key: Digest
  /** The id of the artifact that these inputs produce. */
  readonly artifact: Digest
  readonly builtAt: number
  /** Wall time before the inputs were last looked at. */
  readonly validatedAt: number
}

/** One remembered state of an entry. */
export interface Variant {
  readonly manifest: InputsManifest
  /** The blob with the artifact. */
  readonly blob: Digest
  /** The blob with the import graph of the build. */
  readonly graph: Digest
  /** Every blob that belongs to it, artifact, graph and assets: what keeps them from the sweep. */
  readonly blobs: readonly Digest[]
  /** The stored files that were found to be whole, so that a start need not hash them. */
  readonly seen: readonly SeenFile[]
}

/** A key of the disk tier with what its file was like. */
export type SeenFile = readonly [key: string, sighting: Sighting]

/** How many states of an entry are kept: switching branches or rolling back builds nothing. */
export const MAX_VARIANTS = 4

/** Puts a state first; one with the same artifact is replaced, the oldest falls off. */
export function withVariant(variants: readonly Variant[], newest: Variant): readonly Variant[] {
  const others = variants.filter((other) => other.manifest.artifact !== newest.manifest.artifact)
  return [newest, ...others].slice(0, MAX_VARIANTS)
}

/** Leaves out what means something on one machine only: an external tier is checked by hash. */
export function withoutStats(manifest: InputsManifest): InputsManifest {
  return {
    ...manifest,
    validatedAt: 0,
    files: manifest.files.map(([path, sha256, size, , , , origin]) => [
      path,
      sha256,
      size,
      0,
      0,
      0,
      origin,
    ]),
    dirs: manifest.dirs.map(([path, , names]) => [path, 0, names]),
  }
}

/** Writes the states of one key, newest hit first. */
export function serialiseVariants(variants: readonly Variant[]): Uint8Array {
  return Buffer.from(JSON.stringify({ format: RECORD_FORMAT, variants }))
}

/**
 * Reads the states of one key.
 *
 * Strict: a record with anything missing, mistyped or for another key is no record at all, because
 * what is believed here decides which code runs.
 *
 * @returns undefined when the bytes are not exactly such a record
 */
export function parseVariants(bytes: Uint8Array, key: Digest): readonly Variant[] | undefined {
  return parseRecord(parseJson(bytes), key)
}

/** The keys that a record names, for the sweep of a disk cache; none when it is not sound. */
export function referencesOf(bytes: Uint8Array): readonly string[] {
  const record = parseJson(bytes)
  const variants = parseRecord(record, ownKeyOf(record)) ?? []
  return variants.flatMap(({ manifest, blobs }) =>
    blobs.map((name) => `blobs/${name}`).concat(`maps/${manifest.artifact}`),
  )
}

const FORMAT = 1
/** Grows with the members of `Variant`. */
const RECORD_FORMAT = 2

function parseRecord(record: unknown, key: Digest): readonly Variant[] | undefined {
  if (!isObject(record) || record.format !== RECORD_FORMAT || !Array.isArray(record.variants)) {
    return undefined
  }
  const variants: unknown[] = record.variants
  if (variants.length === 0 || variants.length > MAX_VARIANTS) return undefined
  return variants.every((variant) => isVariant(variant, key)) ? variants : undefined
}

/** The key that a record says it is for. */
function ownKeyOf(record: unknown): Digest {
  if (!isObject(record) || !Array.isArray(record.variants)) return ''
  const variants: readonly unknown[] = record.variants
  const [first] = variants
  if (!isObject(first) || !isObject(first.manifest)) return ''
  return isText(first.manifest.key) ? first.manifest.key : ''
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString())
  } catch {
    return undefined
  }
}

function isVariant(value: unknown, key: Digest): value is Variant {
  if (!isObject(value)) return false
  return (
    isDigest(value.blob) &&
    isDigest(value.graph) &&
    isListOf(value.blobs, isDigest) &&
    isListOf(value.seen, isSeenFile) &&
    isManifest(value.manifest, key)
  )
}

function isSeenFile(row: unknown): row is SeenFile {
  if (!Array.isArray(row) || row.length !== 2) return false
  const cells: readonly unknown[] = row
  const [key, seen] = cells
  return (
    isText(key) &&
    isObject(seen) &&
    isText(seen.boot) &&
    isTime(seen.seenAt) &&
    isTime(seen.size) &&
    isNumber(seen.mtimeMs) &&
    isNumber(seen.ctimeMs) &&
    isTime(seen.ino)
  )
}

function isManifest(value: unknown, key: Digest): value is InputsManifest {
  if (!isObject(value)) return false
  return (
    value.format === FORMAT &&
    value.key === key &&
    isDigest(value.artifact) &&
    isTime(value.builtAt) &&
    isTime(value.validatedAt) &&
    isListOf(value.files, isFileRow) &&
    isListOf(value.dirs, isDirRow) &&
    isListOf(value.symlinks, isTextPair) &&
    isListOf(value.absent, isText) &&
    isListOf(value.env, isEnvRow) &&
    value.uncacheable === undefined
  )
}

/** A start asks this of hundreds of rows, so nothing is called. */
function isFileRow(row: unknown): row is InputFile {
  if (!Array.isArray(row) || row.length !== 7) return false
  const cells: readonly unknown[] = row
  const origin = cells[6]
  return (
    typeof cells[0] === 'string' &&
    typeof cells[1] === 'string' &&
    cells[1].length === 64 &&
    typeof cells[2] === 'number' &&
    typeof cells[3] === 'number' &&
    typeof cells[4] === 'number' &&
    typeof cells[5] === 'number' &&
    (origin === 'bundle' || origin === 'config' || origin === 'plugin')
  )
}

function isDirRow(row: unknown): boolean {
  if (!Array.isArray(row) || row.length !== 3) return false
  const cells: readonly unknown[] = row
  return isText(cells[0]) && isNumber(cells[1]) && isNamesDigest(cells[2])
}

/** A digest of all names, for a folder that a plugin watches, says so in front. */
function isNamesDigest(value: unknown): boolean {
  return (
    isText(value) && isDigest(value.startsWith(ALL_NAMES) ? value.slice(ALL_NAMES.length) : value)
  )
}

function isTextPair(row: unknown): boolean {
  return Array.isArray(row) && row.length === 2 && row.every(isText)
}

function isEnvRow(row: unknown): boolean {
  if (!Array.isArray(row) || row.length !== 2) return false
  const cells: readonly unknown[] = row
  return isText(cells[0]) && isDigest(cells[1])
}

function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every((item) => isItem(item))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

/** Times before 1970 exist: some archives unpack to them. */
function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

function isTime(value: unknown): value is number {
  return isNumber(value) && value >= 0
}

function isDigest(value: unknown): value is Digest {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
}
