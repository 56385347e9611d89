import { statSync } from 'node:fs'
import { isAbsolute, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RelPath } from '../base/project-path.ts'
import { toRelPath } from '../base/project-path.ts'
import { resolveNotFound, resolveSourceDenied } from '../resolve/errors.ts'
import type { Resolver } from '../resolve/resolution.ts'
import { notAnEntry } from './errors.ts'

/**
 * Finds the entry that a user means: a path, with or without `./` as on a command line, a file
 * URL, or the name of a package.
 *
 * A bare name that is a file below the root is that file; only otherwise it is a package.
 *
 * @param importer - absolute path of the file whose `import()` asks; without it the root
 */
export function entryOf(
  specifier: string | URL,
  importer: string | undefined,
  parts: { readonly root: string; readonly resolver: Resolver },
): RelPath {
  const { root, resolver } = parts
  const from = importer ?? root + sep
  const wanted = wantedPath(specifier, importer === undefined ? root : undefined)
  const found = resolver.resolve(wanted, from, importer === undefined ? 'entry' : 'dynamic-import')
  const shown = { specifier: String(specifier), importer: toRelPath(root, from) || '.' }
  switch (found.class) {
    case 'source':
      return toRelPath(root, found.file)
    case 'external':
      if (found.file !== undefined) return toRelPath(root, found.file)
      throw resolveNotFound({
        ...shown,
        reason: `package "${found.packageName}" is not installed`,
        tried: [],
        suggestion: undefined,
      })
    case 'builtin':
      throw notAnEntry({ specifier: shown.specifier, what: 'a module of Node' })
    case 'refused':
      throw resolveSourceDenied({
        ...shown,
        packageName: found.packageName,
        reason: found.reason,
      })
    case 'missing':
      throw resolveNotFound({
        ...shown,
        reason: 'no such file or package',
        tried: found.tried.map((path) => toRelPath(root, path)),
        suggestion: undefined,
      })
  }
}

/** @param folder - where a name without `./` is looked for as a file first */
function wantedPath(specifier: string | URL, folder: string | undefined): string {
  if (specifier instanceof URL) return fileURLToPath(specifier)
  if (specifier.startsWith('file:')) return fileURLToPath(specifier)
  if (folder === undefined || isAbsolute(specifier)) return specifier
  const path = resolve(folder, specifier)
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true ? path : specifier
}
