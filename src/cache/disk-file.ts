import { closeSync, fstatSync, openSync, promises, readSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { codeOf } from '../base/error.ts'
import { BLOCK_BYTES, TAG_FILE, TAG_TEXT, VERSION_FOLDER } from './disk-layout.ts'
import type { SeenStat } from './sighting.ts'

/** A file as it was when it was read. */
export interface StoredFile {
  readonly bytes: Uint8Array
  readonly mtimeMs: number
}

/** A file with what its descriptor said after the last byte was read: no later write is in it. */
export interface StattedFile extends StoredFile {
  readonly stat: SeenStat
}

/** Reads a file in one go; undefined when it cannot be read, whatever the reason. */
export function readStoredSync(file: string): StattedFile | undefined {
  let descriptor: number
  try {
    descriptor = openSync(file, 'r')
  } catch {
    return undefined
  }
  try {
    const { size } = fstatSync(descriptor)
    const bytes = Buffer.allocUnsafeSlow(size)
    let filled = 0
    while (filled < size) {
      const count = readSync(descriptor, bytes, filled, size - filled, filled)
      if (count === 0) break
      filled += count
    }
    const stat = fstatSync(descriptor)
    return { bytes: bytes.subarray(0, filled), mtimeMs: stat.mtimeMs, stat }
  } catch {
    return undefined
  } finally {
    closeSync(descriptor)
  }
}

/** As `readStoredSync`, without holding up the thread. */
export async function readStored(file: string): Promise<StoredFile | undefined> {
  try {
    await using handle = await promises.open(file, 'r')
    const { mtimeMs } = await handle.stat()
    return { bytes: await handle.readFile(), mtimeMs }
  } catch {
    return undefined
  }
}

/**
 * Puts bytes under a name at once: others see the old file, none, or the whole new one.
 *
 * Not flushed: after a power cut a torn file fails its checksum. A tree that was removed
 * meanwhile is made anew, once.
 *
 * @param unique - a part of the temporary name that no other writer uses
 */
export async function writeWhole(
  dir: string,
  file: string,
  bytes: Uint8Array,
  unique: string,
): Promise<void> {
  const temporary = join(dir, VERSION_FOLDER, 'tmp', unique)
  try {
    await place(temporary, file, bytes)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    await makeTree(dir, file)
    await place(temporary, file, bytes)
  }
}

/** Sets a file's time; false when it is not there. */
export async function touch(file: string, now: number): Promise<boolean> {
  try {
    await promises.utimes(file, now / 1000, now / 1000)
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}

/**
 * Adds a write to the running estimate of the cache's size, which all its processes share: a
 * file that grows by one byte for each block written, so that its size is the sum. Appending is
 * atomic, and nobody has to list folders to know how full the cache is.
 *
 * @returns the estimate in bytes, this write included
 */
export async function addUsage(dir: string, bytes: number): Promise<number> {
  await using handle = await promises.open(usageFile(dir), 'a', FILE_MODE)
  await handle.write(Buffer.alloc(Math.ceil(bytes / BLOCK_BYTES)))
  return (await handle.stat()).size * BLOCK_BYTES
}

/** The estimate as it is, in blocks; 0 when nobody has written yet. */
export async function usedBlocks(dir: string): Promise<number> {
  try {
    return (await promises.stat(usageFile(dir))).size
  } catch {
    return 0
  }
}

/**
 * Replaces the estimate by what a scan found, plus what was added since the scan began: such a
 * write may be counted twice until the next scan, but is never forgotten.
 *
 * @param blocksBefore - `usedBlocks()` before the scan
 */
export async function setUsage(dir: string, bytes: number, blocksBefore: number): Promise<void> {
  await using handle = await promises.open(usageFile(dir), 'a', FILE_MODE)
  const added = Math.max(0, (await handle.stat()).size - blocksBefore)
  await handle.truncate(Math.ceil(bytes / BLOCK_BYTES) + added)
}

/** Files are readable by their owner alone: what they hold is executed. */
export const FILE_MODE = 0o600
/** Folders can be entered by their owner alone. */
export const FOLDER_MODE = 0o700

/** Where the running estimate of a cache's size lies. */
export function usageFile(dir: string): string {
  return join(dir, VERSION_FOLDER, 'usage')
}

async function place(temporary: string, file: string, bytes: Uint8Array): Promise<void> {
  try {
    await promises.writeFile(temporary, bytes, { mode: FILE_MODE, flag: 'wx' })
    await promises.rename(temporary, file)
  } catch (error) {
    await promises.rm(temporary, { force: true }).catch(() => {}) // The first error tells more.
    throw error
  }
}

async function makeTree(dir: string, file: string): Promise<void> {
  await promises.mkdir(dirname(dir), { recursive: true })
  await promises.mkdir(join(dir, VERSION_FOLDER, 'tmp'), { recursive: true, mode: FOLDER_MODE })
  await promises.mkdir(dirname(file), { recursive: true, mode: FOLDER_MODE })
  await promises.writeFile(join(dir, TAG_FILE), TAG_TEXT, { mode: FILE_MODE })
}
