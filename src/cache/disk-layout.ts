import { join } from 'node:path'

/** The folders of a disk cache: `keys` is overwritten and names what the others hold. */
export const SPACES = ['keys', 'blobs', 'maps', 'code'] as const

/** The name of one folder of a disk cache. */
export type Space = (typeof SPACES)[number]

/** A key of the disk tier, taken apart. */
export interface DiskKey {
  readonly space: Space
  readonly name: string
}

/**
 * Reads `space/name`.
 *
 * A name has 2 to 200 characters of `a-z0-9._-` and starts with two of `a-z0-9`, so it can
 * neither leave its folder nor meet another one on a file system that ignores letter case.
 *
 * @throws TypeError for anything else: keys are made by code, never by users
 */
export function parseKey(key: string): DiskKey {
  const match = /^(keys|blobs|maps|code)\/([a-z0-9]{2}[a-z0-9._-]{0,198})$/.exec(key)
  if (match === null) throw new TypeError(`Cannot use cache key "${key}": expected "space/name"`)
  return { space: match[1] as Space, name: match[2] ?? '' }
}

/** Where the file of a key lies: `<dir>/v2/<space>/<2 characters>/<name>`. */
export function fileOf(dir: string, { space, name }: DiskKey): string {
  return join(dir, VERSION_FOLDER, space, name.slice(0, 2), name)
}

/** Grows with the layout; other versions in one directory do not see each other. */
export const VERSION_FOLDER = 'v2'

/** The file that marks a folder as a cache. */
export const TAG_FILE = 'CACHEDIR.TAG'

/** https://bford.info/cachedir/: backup programs skip the directory. */
export const TAG_TEXT = `Signature: 8a477f597d28d172789f06886806bc55
# This directory holds the build cache of somon. It may be removed at any time.
`

/** What a file takes on disk: file systems store whole blocks. */
export function allocatedBytes(size: number): number {
  return Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES
}

/** The block of most file systems; what is stored is counted in whole ones. */
export const BLOCK_BYTES = 4096
