import type { Digest } from '../base/digest.ts'
import type { RelPath } from '../base/project-path.ts'

/** Why a file is an input: compiled in, configuration of the build, or read by a plugin. */
export type InputOrigin = 'bundle' | 'config' | 'plugin'

/** `[path, sha256, size, mtimeMs, ctimeMs, ino, origin]`; the stat is that of what was read. */
export type InputFile = readonly [
  path: RelPath,
  sha256: Digest,
  size: number,
  mtimeMs: number,
  ctimeMs: number,
  ino: number,
  origin: InputOrigin,
]

/**
 * Everything on disk and in the environment that one entry's artifact depends on, as the build
 * saw it. `load` turns it into the manifest that decides whether a cached artifact still holds.
 */
export interface BuildInputs {
  readonly files: readonly InputFile[]
  /** `[path, mtimeMs, namesDigest]` of folders with inputs: a new file there may shadow one. */
  readonly dirs: readonly (readonly [path: RelPath, mtimeMs: number, namesDigest: Digest])[]
  /** `[path, target]`: the target as `readlink` returns it. */
  readonly symlinks: readonly (readonly [path: RelPath, target: string])[]
  /** Paths that were looked for and not there: their appearance changes the result. */
  readonly absent: readonly RelPath[]
  /** `[name, digest of the value]`; an unset variable has the digest of the empty string. */
  readonly env: readonly (readonly [name: string, digest: Digest])[]
  /** The plugin without a cache key, whose results may only stay in memory. */
  readonly uncacheable?: string
}
