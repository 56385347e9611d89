import type { Secret } from '../base/secret.ts'
import { readStored } from './disk-file.ts'
import { SPACES, type Space } from './disk-layout.ts'
import { open } from './envelope.ts'
import { scan } from './scan.ts'

/** How much lies where; sizes in whole blocks, as the file system stores them. */
export interface CacheInfo {
  readonly dir: string
  readonly mode: string
  readonly maxBytes: number
  readonly maxAgeMs: number
  readonly entries: number
  readonly bytes: number
  readonly spaces: Readonly<Record<Space, { readonly entries: number; readonly bytes: number }>>
}

/** What `verify()` found; `bytes` is the sum of the lengths of the files. */
export interface VerifyReport {
  readonly checked: number
  readonly bytes: number
  /** Files that do not open: torn, changed, or sealed with another secret. */
  readonly bad: readonly { readonly key: string; readonly file: string }[]
}

/** Counts a disk cache. */
export async function inspectCache(
  dir: string,
  limits: { readonly mode: string; readonly maxBytes: number; readonly maxAgeMs: number },
): Promise<CacheInfo> {
  const files = await scan(dir)
  const countOf = (space: Space): { entries: number; bytes: number } => {
    const own = files.filter((file) => file.space === space)
    return { entries: own.length, bytes: own.reduce((sum, file) => sum + file.bytes, 0) }
  }
  const spaces = {
    keys: countOf('keys'),
    blobs: countOf('blobs'),
    maps: countOf('maps'),
    code: countOf('code'),
  }
  const entries = SPACES.reduce((sum, space) => sum + spaces[space].entries, 0)
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const { mode, maxBytes, maxAgeMs } = limits
  return { dir, mode, maxBytes, maxAgeMs, entries, bytes, spaces }
}

/** Opens every file of a disk cache. */
export async function verifyCache(dir: string, secret: Secret | undefined): Promise<VerifyReport> {
  const bad: { key: string; file: string }[] = []
  let checked = 0
  let bytes = 0
  for (const { key, file, space } of await scan(dir)) {
    if (space === 'tmp') continue
    const stored = await readStored(file)
    if (stored === undefined) continue // Removed since the scan.
    checked += 1
    bytes += stored.bytes.byteLength
    if (open(stored.bytes, { key, secret }) === undefined) bad.push({ key, file })
  }
  return { checked, bytes, bad }
}
