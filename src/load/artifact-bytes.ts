import { deepFreeze } from '../base/deep-freeze.ts'
import type { Digest } from '../base/digest.ts'
import type { Artifact } from '../bundle/artifact.ts'
import type { BuildMetafile } from '../bundle/metafile.ts'

/**
 * Writes an artifact: the length of a header, the header as JSON, then the code as it is.
 *
 * Equal artifacts give equal bytes, as far as they were made by the same version: their members
 * then come in the same order, and sorting those of hundreds of inputs takes milliseconds. The
 * code stays out of the JSON because quoting and unquoting
 * megabytes costs more than reading them.
 */
export function artifactToBytes(artifact: Artifact): Buffer {
  const { code, ...rest } = artifact
  const encoding = encodingOf(code)
  const header = Buffer.from(JSON.stringify({ format: FORMAT, encoding, artifact: rest }))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(header.byteLength)
  return Buffer.concat([length, header, Buffer.from(code, encoding)])
}

/**
 * Reads an artifact back, deep-frozen. The caller has checked the bytes against their digest;
 * here only the form and the name are.
 *
 * @returns undefined when the bytes are not the artifact `id`
 */
export function artifactFromBytes(bytes: Uint8Array, id: Digest): Artifact | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (buffer.byteLength < 4) return undefined
  const end = 4 + buffer.readUInt32LE(0)
  if (end > buffer.byteLength) return undefined
  const header = parseHeader(buffer.toString('utf8', 4, end))
  if (header === undefined) return undefined
  const artifact: Artifact = { ...header.artifact, code: buffer.toString(header.encoding, end) }
  return artifact.id === id && isArtifact(artifact) ? deepFreeze(artifact) : undefined
}

/** Writes the import graph of a build. */
export function metafileToBytes(metafile: BuildMetafile): Buffer {
  return Buffer.from(JSON.stringify({ format: FORMAT, inputs: metafile.inputs }))
}

/** Reads the import graph of a build; undefined when the bytes hold none. */
export function metafileFromBytes(bytes: Uint8Array): BuildMetafile | undefined {
  const value = parseJson(Buffer.from(bytes).toString())
  if (!isRecord(value) || value.format !== FORMAT || !isRecord(value.inputs)) return undefined
  return { inputs: value.inputs as BuildMetafile['inputs'] }
}

const FORMAT = 1

type Encoding = 'latin1' | 'utf8' | 'utf16le'

interface Header {
  readonly encoding: Encoding
  readonly artifact: Omit<Artifact, 'code'>
}

/** One byte a unit where possible, as V8 keeps it; UTF-8 cannot hold a lone surrogate. */
function encodingOf(code: string): Encoding {
  // oxlint-disable-next-line no-control-regex -- the first 256 characters, control ones included
  if (/^[\u0000-\u00ff]*$/.test(code)) return 'latin1'
  return code.isWellFormed() ? 'utf8' : 'utf16le'
}

function parseHeader(text: string): Header | undefined {
  const value = parseJson(text)
  if (!isRecord(value) || value.format !== FORMAT || !isRecord(value.artifact)) return undefined
  const { encoding } = value
  if (encoding !== 'latin1' && encoding !== 'utf8' && encoding !== 'utf16le') return undefined
  return { encoding, artifact: value.artifact as unknown as Header['artifact'] }
}

function isArtifact(value: Artifact): boolean {
  const texts: unknown[] = [value.id, value.codeId, value.entry]
  const lists: unknown[] = [
    value.deps,
    value.exports,
    value.dynamicSites,
    value.inputs,
    value.assets,
    value.warnings,
  ]
  return (
    texts.every((text) => typeof text === 'string') &&
    lists.every((list) => Array.isArray(list)) &&
    typeof value.head === 'number' &&
    isRecord(value.builtBy) &&
    (value.tla === null || isRecord(value.tla))
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
