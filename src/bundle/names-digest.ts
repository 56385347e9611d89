import type { Dirent } from 'node:fs'
import { readdirSync } from 'node:fs'
import type { Digest } from '../base/digest.ts'
import { digest } from '../base/digest.ts'

/**
 * Digests the names in a folder that can decide a resolution: sources, package.json,
 * tsconfig*.json, folders and links. A file that appears beside an input may shadow it; a log file
 * may not.
 *
 * Names that start with a dot and `node_modules` are left out: what is looked for in them is
 * recorded path by path, and caches come and go there. A folder that a plugin watches is taken
 * with all its names; such a digest starts with `all:`.
 *
 * @param like - an earlier digest: the new one is made of the same names
 * @returns undefined when the folder cannot be read
 */
export function namesDigest(absoluteDir: string, like: Digest = ''): Digest | undefined {
  const all = like.startsWith(ALL)
  let entries: Dirent[]
  try {
    entries = readdirSync(absoluteDir, { withFileTypes: true })
  } catch {
    return undefined
  }
  const names = entries
    .filter(
      (entry) => all || (kindOf(entry) === 'f' ? isRelevantName(entry.name) : isOpen(entry.name)),
    )
    .map((entry) => `${kindOf(entry)}${entry.name}`)
  return `${all ? ALL : ''}${digest(names.toSorted().join('\0'))}`
}

/** Passed as `like`, it makes a digest of all names. */
export const ALL = 'all:'

/** Tells whether a file of this name can decide a resolution in its folder. */
export function isRelevantName(name: string): boolean {
  return isOpen(name) && /\.(?:[cm]?[jt]s|[jt]sx|css|json)$/.test(name)
}

function isOpen(name: string): boolean {
  return !name.startsWith('.') && name !== 'node_modules'
}

function kindOf(entry: Dirent): 'd' | 'l' | 'f' {
  if (entry.isSymbolicLink()) return 'l'
  return entry.isDirectory() ? 'd' : 'f'
}
