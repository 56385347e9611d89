import { lstatSync } from 'node:fs'

/** The reason for a folder that was named as if it were a file. */
export const FOLDER = 'it is a folder without an index file'

/** Says why a path that was asked for is no file that could be loaded. */
export function whyNoFile(path: string): string {
  const stat = lstatOf(path)
  if (stat === undefined) return 'there is no such file'
  if (stat.isSymbolicLink()) return 'it is a link that leads to no file'
  return stat.isDirectory() ? FOLDER : 'it is no regular file'
}

function lstatOf(path: string): ReturnType<typeof lstatSync> | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch {
    // A path through a file, a loop of links, or a folder that may not be looked into.
    return undefined
  }
}
