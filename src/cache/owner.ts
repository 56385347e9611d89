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
  const owners = ownersOf(dir)
  const owner = owners.find((each) => each !== user && each !== 0)
  if (user !== undefined && owner !== undefined) throw foreignOwner({ dir, owner, user })
  return owners.length > 0
}

/** Of the path and of what it leads to; none when there is nothing, or nothing that can be read. */
function ownersOf(dir: string): readonly number[] {
  try {
    const own = lstatSync(dir, { throwIfNoEntry: false })
    const target = own && statSync(dir, { throwIfNoEntry: false })
    return own === undefined || target === undefined ? [] : [own.uid, target.uid]
  } catch {
    return []
  }
}
