import { isSomonError } from '../base/error.ts'
import type { RelPath } from '../base/project-path.ts'
import { isModuleUrl, toRelPath } from '../base/project-path.ts'
import { resolveNotFound } from '../resolve/errors.ts'
import { entryOf as fileOfEntry } from '../resolve/entry.ts'
import { failureOf } from '../resolve/failure.ts'
import type { Resolver } from '../resolve/resolution.ts'
import { urlEntry } from '../resolve/url-entry.ts'
import { notAnEntry } from './errors.ts'

/**
 * Finds the entry that a user means, or that a file's `import()` does.
 *
 * @param importer - absolute path of the importing file; without it paths start at the root
 */
export function entryOf(
  specifier: string | URL,
  importer: string | undefined,
  parts: { readonly root: string; readonly resolver: Resolver },
): RelPath {
  checkEntry(specifier)
  try {
    return find(specifier, importer, parts)
  } catch (error) {
    if (!isSomonError(error, resolveNotFound.code)) throw error
    // The resolver remembers what was missing; it may have been created since.
    parts.resolver.clear()
    return find(specifier, importer, parts)
  }
}

/**
 * Callers without types pass what they read somewhere.
 *
 * @throws TypeError
 */
export function checkEntry(specifier: unknown): void {
  if (typeof specifier === 'string' || specifier instanceof URL) return
  const what = specifier === null ? 'null' : typeof specifier
  throw new TypeError(`An entry must be a string or a URL, not ${what}`)
}

function find(
  specifier: string | URL,
  importer: string | undefined,
  { root, resolver }: { readonly root: string; readonly resolver: Resolver },
): RelPath {
  const name = specifier instanceof URL ? specifier.href : specifier
  if (isModuleUrl(name)) return urlEntry(resolver, name, root)
  if (importer === undefined) {
    return toRelPath(root, fileOfEntry(resolver, specifier, { from: root, root }))
  }
  const found = resolver.resolve(name, importer, 'dynamic-import')
  if (found.class === 'source') return toRelPath(root, found.file)
  const failure = failureOf(found, { specifier: name, importer, root })
  if (failure !== undefined) throw failure
  const what = found.class === 'builtin' ? 'a module of Node' : 'an external package'
  throw notAnEntry({ specifier: name, what })
}
