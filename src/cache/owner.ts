import { lstatSync, statSync } from 'node:fs'
import { foreignOwner } from './errors.ts'

/**
 * Refuses a directory, or a link to one, that belongs to another user than this process's or
 * root: whoever owns it decides what is executed. Root is trusted because it can do so anyway,
 * and because images are warmed by root and run by somebody else.
 *
 * @returns whether the directory exists; on Windows, which has no user numbers, nothing is refused
 * @throws SomonError SOMON_CACHE_FOREIGN_OWNER
 */
export function checkOwner(dir: string, user: number | undefined = process.getuid?.()): boolean {
  let owners: readonly number[]
  try {
    owners = [lstatSync(dir).uid, statSync(dir).uid]
  } catch {
    return false // What cannot be looked at cannot be read either: every get is a miss.
  }
  for (const owner of owners) {
    if (user !== undefined && owner !== user && owner !== 0) {
      throw foreignOwner({ dir, owner, user })
    }
  }
  return true
}
