import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  statSync,
} from 'node:fs'
import { isAbsolute, sep } from 'node:path'
import type { Digest } from '../base/digest.ts'
import { digest } from '../base/digest.ts'
import type { RelPath } from '../base/project-path.ts'
import { ALL_NAMES, allNamesDigest, dirNamesDigest } from '../bundle/dir-names.ts'

/** What tells whether a file may have changed; doubles of milliseconds carry 0.25 µs. */
export interface FileStat {
  readonly size: number
  readonly mtimeMs: number
  readonly ctimeMs: number
  /** 0 where the file system has none. */
  readonly ino: number
}

/**
 * The questions a check asks of the world; paths are relative to the root.
 *
 * Synchronous because a stat takes 1 µs this way and 6 µs through a promise. Everything that
 * cannot be looked at counts as absent. Tests answer from a model.
 */
export interface SyncFs {
  /** Follows links; undefined for a dangling one. */
  stat(path: RelPath): FileStat | undefined
  /** The digest of a file with the stat of the very descriptor that was read. */
  hash(path: RelPath): { readonly stat: FileStat; readonly sha256: Digest } | undefined
  /** The target of a link as it is written; undefined when the path is no link. */
  link(path: RelPath): string | undefined
  /** The digest of the names in a folder, of the same kind as the digest `like`. */
  names(path: RelPath, like: Digest): Digest | undefined
  env(name: string): string | undefined
}

/** Asks the real file system below a root. */
export function createSyncFs(root: string, env: (name: string) => string | undefined): SyncFs {
  // `path.resolve` costs as much as the stat itself.
  const prefix = root + sep
  // Only Windows has paths that are relative to nothing else: those of another drive.
  const mayBeWhole = sep !== '/'
  const read = fileReader()
  const at = (path: RelPath): string => (mayBeWhole && isAbsolute(path) ? path : prefix + path)
  return {
    // Asked for every input of every start: no closure for each.
    stat(path) {
      try {
        return statSync(at(path), NO_THROW)
      } catch {
        return undefined
      }
    },
    hash: (path) => attempt(() => hashFile(at(path), read)),
    link: (path) => attempt(() => readLink(at(path))),
    names: (path, like) => attempt(() => hashNames(at(path), like)),
    env,
  }
}

const NO_THROW = { throwIfNoEntry: false } as const

/** A path that cannot be looked at (EACCES, ELOOP, EISDIR …) is as good as none: it is rebuilt. */
function attempt<T>(look: () => T | undefined): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}

/** Most paths are no links: `readlink` would answer each with an exception (docs/notes/node.md). */
function readLink(path: string): string | undefined {
  return lstatSync(path, NO_THROW)?.isSymbolicLink() === true ? readlinkSync(path) : undefined
}

function hashNames(folder: string, like: Digest): Digest {
  const entries = readdirSync(folder, { withFileTypes: true })
  return like.startsWith(ALL_NAMES) ? allNamesDigest(entries) : dirNamesDigest(entries)
}

type FileReader = (descriptor: number, size: number) => Uint8Array

/**
 * Reads files into one buffer, which holds until the next one is read: a buffer for each is work
 * for the garbage collector.
 */
function fileReader(): FileReader {
  let buffer = Buffer.alloc(0)
  return (descriptor, size) => {
    if (size > KEPT_BYTES) return readFileSync(descriptor)
    // A byte of room tells the end of the file from the end of the buffer.
    if (buffer.length <= size) buffer = Buffer.allocUnsafeSlow(Math.max(size + 1, 2 ** 18))
    const count = readSync(descriptor, buffer, 0, size + 1, 0)
    // It grew meanwhile, or has no size, as in /proc, or was read in part: from the start then.
    return count === size && size > 0 ? buffer.subarray(0, size) : readFileSync(descriptor)
  }
}

const KEPT_BYTES = 2 ** 20

function hashFile(file: string, read: FileReader): { stat: FileStat; sha256: Digest } | undefined {
  // A named pipe that took the place of a file would block the thread, a device never end.
  const descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    const stat = fstatSync(descriptor)
    if (!stat.isFile()) return undefined
    return { stat, sha256: digest(read(descriptor, stat.size)) }
  } finally {
    closeSync(descriptor)
  }
}
