import { sep } from 'node:path'
import { resolveNotFound } from './errors.ts'
import { failureOf } from './failure.ts'
import type { Resolver } from './resolution.ts'

/**
 * Finds the source file of an entry as a person names it: a path with or without `./` and
 * extension, a folder with an index or a package.json, a file URL, or a package.
 *
 * What exists as a path is a path; a name is looked up as a package only when there is none.
 *
 * @param options - `from` is the folder relative entries start at, `root` the project's
 * @returns the absolute, real path of the file
 * @throws SomonError SOMON_RESOLVE_NOT_FOUND, SOMON_RESOLVE_SOURCE_DENIED,
 *   SOMON_RESOLVE_UNREADABLE_CONFIG
 */
export function entryOf(
  resolver: Resolver,
  entry: string | URL,
  options: { readonly from: string; readonly root: string },
): string {
  const specifier = entry instanceof URL ? entry.href : entry
  const importer = options.from.endsWith(sep) ? options.from : options.from + sep
  const resolution = resolver.resolve(specifier, importer, 'entry')
  if (resolution.class === 'source') return resolution.file
  const request = { specifier, importer, root: options.root }
  const failure = failureOf(resolution, request)
  if (failure !== undefined) throw failure
  const reason = `it is ${resolution.class === 'builtin' ? 'part of Node' : 'left to Node'}; an entry is a file`
  throw resolveNotFound({
    specifier,
    importer: '.',
    reason,
    tried: [],
    suggestion: undefined,
  })
}
