import type { Dirent } from 'node:fs'
import type { Digest } from '../base/digest.ts'
import { digestParts } from '../base/digest.ts'

/**
 * Hashes the names in a folder that can decide what an import there resolves to: sources,
 * `package.json`, `tsconfig*.json`, folders and links, each with its kind.
 *
 * The build records it and `load` compares it, so both must call this one function. Other files
 * (logs, images, editor backups) may come and go without making anything stale; so may
 * `node_modules` and what starts with a dot, where caches come and go: what is looked for in them
 * is recorded path by path.
 */
export function dirNamesDigest(entries: Iterable<Pick<Dirent, DirentPart>>): Digest {
  const names: string[] = []
  for (const entry of entries) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
    if (entry.isDirectory()) names.push(`d ${entry.name}`)
    else if (entry.isSymbolicLink()) names.push(`l ${entry.name}`)
    else if (isSourceName(entry.name)) names.push(`f ${entry.name}`)
  }
  return digestParts(names.toSorted())
}

/** Hashes all names in a folder that a plugin watches; marked, so that `load` hashes alike. */
export function allNamesDigest(entries: Iterable<{ readonly name: string }>): Digest {
  const names = Array.from(entries, (entry) => entry.name)
  return `${ALL_NAMES}${digestParts(names.toSorted())}`
}

/** What the digest of all names starts with. */
export const ALL_NAMES = 'all:'

type DirentPart = 'name' | 'isDirectory' | 'isSymbolicLink'

/** What `dirNamesDigest` counts among plain files that do not start with a dot. */
export function isSourceName(name: string): boolean {
  const dot = name.lastIndexOf('.')
  return (dot > 0 && SOURCES.has(name.slice(dot))) || /^(package|tsconfig.*)\.json$/.test(name)
}

const SOURCES: ReadonlySet<string> = new Set([
  '.ts',
  '.tsx',
  '.mts',
  '.cts',
  '.js',
  '.jsx',
  '.mjs',
  '.cjs',
  '.json',
  '.css',
])
