import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  statSync,
} from 'node:fs'
import { isAbsolute, sep } from 'node:path'
import type { Digest } from '../base/digest.ts'
import { digest, digestPieces } from '../base/digest.ts'
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
  const hasher = fileHasher()
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
    hash: (path) => attempt(() => hashFile(at(path), hasher)),
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

type FileHasher = (descriptor: number, size: number) => Digest

/**
 * Reads files into one buffer, which holds until the next one is read: a buffer for each is work
 * for the garbage collector, and the pages of a large one take as long as reading it.
 */
function fileHasher(): FileHasher {
  let buffer = Buffer.alloc(0)
  return (descriptor, size) => {
    if (buffer.length === 0) buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES)
    // A byte of room tells the end of the file from the end of the buffer.
    if (size > 0 && size < buffer.length) {
      const count = readSync(descriptor, buffer, 0, size + 1, 0)
      // Else it grew meanwhile, or was read in part: from the start then.
      if (count === size) return digest(buffer.subarray(0, size))
    }
    return digestPieces(piecesOf(descriptor, buffer))
  }
}

/** To the end, whatever size the file has said it has: those in /proc say none. */
function* piecesOf(descriptor: number, buffer: Buffer): Generator<Uint8Array> {
  for (let at = 0; ;) {
    const count = readSync(descriptor, buffer, 0, buffer.length, at)
    if (count === 0) return
    at += count
    yield buffer.subarray(0, count)
  }
}

const BUFFER_BYTES = 2 ** 18

function hashFile(file: string, hash: FileHasher): { stat: FileStat; sha256: Digest } | undefined {
  // A named pipe that took the place of a file would block the thread, a device never end.
  const descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    const stat = fstatSync(descriptor)
    if (!stat.isFile()) return undefined
    return { stat, sha256: hash(descriptor, stat.size) }
  } finally {
    closeSync(descriptor)
  }
}
