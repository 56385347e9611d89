import { promises } from 'node:fs'
import { join } from 'node:path'
import { codeOf } from '../base/error.ts'
import { readStored, setUsage, usedBlocks } from './disk-file.ts'
import { VERSION_FOLDER } from './disk-layout.ts'
import { planGc, type Removal } from './gc-plan.ts'
import { scan, type CacheFile } from './scan.ts'

/** The bounds of one collection, and who hears of what goes. */
export interface GcOptions {
  readonly dir: string
  readonly maxBytes: number
  readonly maxAgeMs: number
  readonly now: number
  /** Only says what would go. */
  readonly dryRun: boolean
  /** Opens a file of the space `keys` and returns the keys it names; none when it is torn. */
  readonly referencesOf: (file: CacheFile, sealed: Uint8Array) => readonly string[]
  readonly onRemoved: (removal: Removal) => void
}

/** What a collection removed and left; bytes in whole blocks. */
export interface GcReport {
  /** False when nothing was done: another process was collecting, or the cache is off. */
  readonly ran: boolean
  readonly removed: number
  readonly removedBytes: number
  readonly remaining: number
  readonly remainingBytes: number
}

/**
 * Brings a disk cache below its bounds.
 *
 * One process at a time, by `gc.lock`; a lock older than ten minutes belongs to a process that
 * died. Two collections at once would do no harm, only work: all they do is remove.
 */
export async function collectGarbage(options: GcOptions): Promise<GcReport> {
  if (options.dryRun) return removeBy(options)
  const lock = join(options.dir, VERSION_FOLDER, 'gc.lock')
  const state = await takeLock(lock, options.now)
  if (state !== 'taken') return { ...NOTHING, ran: state === 'absent' }
  try {
    return await removeBy(options)
  } finally {
    await promises.rm(lock, { force: true })
  }
}

const STALE_LOCK_MS = 600e3

/** What a collection reports that did nothing. */
export const NOTHING: Omit<GcReport, 'ran'> = {
  removed: 0,
  removedBytes: 0,
  remaining: 0,
  remainingBytes: 0,
}

async function removeBy(options: GcOptions): Promise<GcReport> {
  const blocksBefore = await usedBlocks(options.dir)
  const files = await scan(options.dir)
  const references = await readReferences(files, options)
  const plan = planGc({ ...options, files, references })
  let removed = 0
  let removedBytes = 0
  for (const removal of plan) {
    if (!options.dryRun && !(await remove(removal.file))) continue
    removed += 1
    removedBytes += removal.file.bytes
    if (!options.dryRun) options.onRemoved(removal)
  }
  const allBytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const remainingBytes = allBytes - removedBytes
  if (!options.dryRun) await setUsage(options.dir, remainingBytes, blocksBefore)
  const remaining = files.length - removed
  return { ran: true, removed, removedBytes, remaining, remainingBytes }
}

async function readReferences(
  files: readonly CacheFile[],
  options: GcOptions,
): Promise<Map<string, readonly string[]>> {
  const references = new Map<string, readonly string[]>()
  for (const file of files) {
    if (file.space !== 'keys') continue
    const stored = await readStored(file.file)
    if (stored !== undefined) references.set(file.key, options.referencesOf(file, stored.bytes))
  }
  return references
}

/** A file that was touched since the scan is in use again and stays. */
async function remove(file: CacheFile): Promise<boolean> {
  try {
    if ((await promises.stat(file.file)).mtimeMs !== file.mtimeMs) return false
    await promises.rm(file.file)
    return true
  } catch {
    return false
  }
}

type LockState = 'taken' | 'busy' | 'absent'

async function takeLock(lock: string, now: number): Promise<LockState> {
  const state = await createLock(lock)
  if (state !== 'busy') return state
  try {
    const age = Math.abs(now - (await promises.stat(lock)).mtimeMs)
    if (age < STALE_LOCK_MS) return 'busy'
    await promises.rm(lock, { force: true })
  } catch {
    // It went away meanwhile: free again.
  }
  return createLock(lock)
}

async function createLock(lock: string): Promise<LockState> {
  try {
    await using handle = await promises.open(lock, 'wx', 0o600)
    await handle.write(String(process.pid))
    return 'taken'
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return 'busy'
    if (codeOf(error) === 'ENOENT') return 'absent'
    throw error
  }
}
