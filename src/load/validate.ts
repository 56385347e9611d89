import { digest } from '../base/digest.ts'
import type { RelPath } from '../base/project-path.ts'
import type { InputFile } from '../bundle/build-inputs.ts'
import type { InputChange } from './loaded-artifact.ts'
import type { InputsManifest } from './manifest.ts'
import type { FileStat, SyncFs } from './sync-fs.ts'

/** `stat` hashes only what a stat cannot clear, `hash` everything, `never` believes the record. */
export type ValidateMode = 'stat' | 'hash' | 'never'

/** Whether the inputs are still those of the build. */
export type Verdict =
  | {
      readonly hit: true
      /** The record with the stat data of now, when keeping it saves hashing next time. */
      readonly refreshed: InputsManifest | undefined
    }
  | { readonly hit: false; readonly because: readonly InputChange[] }

/** How a check is done. */
export interface ValidateOptions {
  readonly mode: ValidateMode
  /** Goes on after the first difference: `explain` wants them all. */
  readonly complete?: boolean
}

/**
 * Compares a record with the world, cheapest question first: absent paths, links, folders, files,
 * variables. Stops at the first difference. An absent path in a recorded folder costs nothing
 * while the folder's own time is the same: nothing can have been added to it.
 *
 * A stat clears a file when nothing of it differs and the file is not racy: one written within
 * two seconds before the last check, or later than now, may have been written again in the same
 * tick of the file system's clock. Written means mtime or ctime: `utimes` sets an old mtime, and
 * only the ctime tells. Everything else is hashed. Equal bytes are a hit whatever the
 * stat says, so checkouts, copies and `touch` cost one hash and no build.
 *
 * @param now - wall time before the check, ms; becomes `validatedAt` of a refreshed record
 */
export function validate(
  manifest: InputsManifest,
  fs: SyncFs,
  now: number,
  options: ValidateOptions,
): Verdict {
  if (options.mode === 'never') return { hit: true, refreshed: undefined }
  const check: Check = {
    fs,
    now,
    trustedBefore: trustedBefore(manifest, now, options.mode),
    unchanged: new Map(),
    files: new Map(),
    dirs: new Map(),
    settled: false,
  }
  const because: InputChange[] = []
  for (const change of differences(manifest, check)) {
    because.push(change)
    if (options.complete !== true) break
  }
  if (because.length > 0) return { hit: false, because }
  return { hit: true, refreshed: refresh(manifest, check) }
}

/** Enough for file systems that keep times in steps of two seconds (FAT). */
export const RACY_MS = 2000

interface Check {
  readonly fs: SyncFs
  readonly now: number
  readonly trustedBefore: number
  /** Whether the stat of a recorded folder clears it, as far as it was asked. */
  readonly unchanged: Map<RelPath, boolean>
  /** New rows by their index. */
  readonly files: Map<number, InputFile>
  readonly dirs: Map<number, InputsManifest['dirs'][number]>
  /** Something was hashed for its youth alone and has become old enough to be trusted. */
  settled: boolean
}

/** A record from the future means that the clock was set back: then no stat is trusted at all. */
export function trustedBefore(manifest: InputsManifest, now: number, mode: ValidateMode): number {
  return mode === 'hash' || manifest.validatedAt > now
    ? Number.NEGATIVE_INFINITY
    : manifest.validatedAt - RACY_MS
}

function* differences(manifest: InputsManifest, check: Check): Generator<InputChange> {
  const { fs } = check
  const dirs = new Map<RelPath, number>()
  for (const row of manifest.dirs) dirs.set(row[0], row[1])
  for (const path of manifest.absent) {
    const dir = path.slice(0, Math.max(0, path.lastIndexOf('/')))
    if (isUnchanged(dir, dirs.get(dir), check)) continue
    if (fs.stat(path) !== undefined) {
      yield { kind: 'absent', subject: path, was: ABSENT, is: 'present' }
    }
  }
  for (const [path, target] of manifest.symlinks) {
    const now = fs.link(path)
    if (now !== target) yield { kind: 'symlink', subject: path, was: target, is: now ?? ABSENT }
  }
  let index = 0
  for (const row of manifest.dirs) {
    const change = dirDifference(row, index, check)
    if (change !== undefined) yield change
    index += 1
  }
  index = 0
  for (const row of manifest.files) {
    const change = fileDifference(row, index, check)
    if (change !== undefined) yield change
    index += 1
  }
  for (const [name, was] of manifest.env) {
    const is = digest(fs.env(name) ?? '')
    if (is !== was) yield { kind: 'env', subject: name, was: short(was), is: short(is) }
  }
}

function dirDifference(
  row: InputsManifest['dirs'][number],
  index: number,
  check: Check,
): InputChange | undefined {
  if (isUnchanged(row[0], row[1], check)) return undefined
  const [path, mtimeMs, names] = row
  const stat = check.fs.stat(path)
  if (stat === undefined) return { kind: 'dir', subject: path, was: short(names), is: ABSENT }
  const is = check.fs.names(path, names)
  if (is !== names) {
    return { kind: 'dir', subject: path, was: short(names), is: is ? short(is) : ABSENT }
  }
  if (stat.mtimeMs !== mtimeMs) check.dirs.set(index, [path, stat.mtimeMs, names])
  else if (writtenAt(stat) < check.now - RACY_MS) check.settled = true
  return undefined
}

/** Asked at most once a folder and check. */
function isUnchanged(path: RelPath, mtimeMs: number | undefined, check: Check): boolean {
  if (mtimeMs === undefined) return false
  let unchanged = check.unchanged.get(path)
  if (unchanged === undefined) {
    const stat = check.fs.stat(path)
    unchanged = stat?.mtimeMs === mtimeMs && writtenAt(stat) < check.trustedBefore
    check.unchanged.set(path, unchanged)
  }
  return unchanged
}

function fileDifference(row: InputFile, index: number, check: Check): InputChange | undefined {
  // Asked for hundreds of rows at every start: taking one apart costs as much as its stat.
  const stat = check.fs.stat(row[0])
  const same = stat !== undefined && isSameFile(row, stat)
  if (same && writtenAt(stat) < check.trustedBefore) return undefined
  const [path, sha256] = row
  const read = stat === undefined ? undefined : check.fs.hash(path)
  if (read?.sha256 !== sha256) {
    const is = read === undefined ? ABSENT : short(read.sha256)
    return { kind: 'file', subject: path, was: short(sha256), is }
  }
  const { size, mtimeMs, ctimeMs, ino } = read.stat
  if (!isSameFile(row, read.stat)) {
    check.files.set(index, [path, sha256, size, mtimeMs, ctimeMs, ino, row[6]])
  } else if (writtenAt(read.stat) < check.now - RACY_MS) check.settled = true
  return undefined
}

/** Whether nothing tells a file from the one that was recorded. */
export function isSameFile(row: InputFile, stat: FileStat): boolean {
  return (
    stat.size === row[2] &&
    stat.mtimeMs === row[3] &&
    stat.ctimeMs === row[4] &&
    (stat.ino === row[5] || row[5] === 0 || stat.ino === 0)
  )
}

/** Written means mtime or ctime: `utimes` sets an old mtime. */
export function writtenAt({ mtimeMs, ctimeMs }: FileStat): number {
  return Math.max(mtimeMs, ctimeMs)
}

function refresh(manifest: InputsManifest, check: Check): InputsManifest | undefined {
  const { files, dirs } = check
  if (files.size === 0 && dirs.size === 0 && !check.settled) return undefined
  return {
    ...manifest,
    validatedAt: check.now,
    files: manifest.files.map((row, index) => files.get(index) ?? row),
    dirs: manifest.dirs.map((row, index) => dirs.get(index) ?? row),
  }
}

const ABSENT = 'absent'

/** Twelve digits name a digest well enough for a reader. */
function short(sha256: string): string {
  return `sha256 ${sha256.slice(0, 12)}`
}
