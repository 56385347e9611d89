import { lstatSync, readdirSync, statSync } from 'node:fs'

/**
 * What tells two states of a path apart; undefined when there is nothing.
 *
 * A link stands for itself. Of a folder only the identity counts, because its times change with
 * every name in it.
 */
export type Signature = string | undefined

/** Reads the signature of a path as it is now. */
export function signatureOf(path: string): Signature {
  try {
    const stat = lstatSync(path)
    if (stat.isDirectory()) return `folder ${stat.ino} ${stat.birthtimeMs}`
    return `${stat.mode} ${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}`
  } catch {
    // Missing, or behind a folder we may not enter: for us it is not there.
    return undefined
  }
}

/**
 * Tells whether the file system counts whole seconds: then a signature can stay the same although
 * the contents changed, and an event has to be believed.
 */
export function isCoarse(signature: string): boolean {
  return /\b\d*000$/.test(signature) && !/\.\d+$/.test(signature)
}

/** Tells whether a path is a folder, or a link to one. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  } catch {
    return false
  }
}

/** Lists the names in a folder; none when it is not there. */
export function namesIn(folder: string): Set<string> {
  try {
    return new Set(readdirSync(folder))
  } catch {
    return new Set()
  }
}

/** Tells a folder from another of the same name; links are followed. */
export function folderIdentity(folder: string): Signature {
  try {
    const stat = statSync(folder)
    return stat.isDirectory() ? `${stat.dev} ${stat.ino} ${stat.birthtimeMs}` : undefined
  } catch {
    return undefined
  }
}
