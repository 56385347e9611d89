import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { codeOf } from '../base/error.ts'
import { BLOCK_BYTES, TAG_FILE, TAG_TEXT, VERSION_FOLDER } from './disk-layout.ts'
import { FILE_MODE, FOLDER_MODE, usageFile } from './disk-file.ts'

/**
 * The writes of `disk-file.ts` for a process that has nothing else to do: through promises each
 * of them costs 50 µs and more of CPU, and the first one starts threads.
 */

/** As `writeWhole()`. */
export function writeWholeSync(dir: string, file: string, bytes: Uint8Array, unique: string): void {
  const temporary = join(dir, VERSION_FOLDER, 'tmp', unique)
  inFolder(
    dirname(temporary),
    () => writeFileSync(temporary, bytes, { mode: FILE_MODE, flag: 'wx' }),
    () => {
      mkdirSync(dirname(dir), { recursive: true })
      mkdirSync(dirname(temporary), { recursive: true, mode: FOLDER_MODE })
      writeFileSync(join(dir, TAG_FILE), TAG_TEXT, { mode: FILE_MODE })
    },
  )
  const shard = dirname(file)
  try {
    inFolder(
      shard,
      () => renameSync(temporary, file),
      () => void mkdirSync(shard, { recursive: true, mode: FOLDER_MODE }),
    )
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

/** As `touch()`. */
export function touchSync(file: string, now: number): boolean {
  // Most often it is not there, and asking is cheaper than an exception.
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return false
  try {
    utimesSync(file, now / 1000, now / 1000)
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}

/** As `addUsage()`. */
export function addUsageSync(dir: string, bytes: number): number {
  const descriptor = openSync(usageFile(dir), 'a', FILE_MODE)
  try {
    writeSync(descriptor, Buffer.alloc(Math.ceil(bytes / BLOCK_BYTES)))
    return fstatSync(descriptor).size * BLOCK_BYTES
  } finally {
    closeSync(descriptor)
  }
}

/** Acts in a folder that is made first where it is missing, and again where it goes meanwhile. */
function inFolder(folder: string, act: () => void, make: () => void): void {
  // Asking costs a tenth of the exception.
  if (!existsSync(folder)) make()
  try {
    act()
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    make()
    act()
  }
}
