import { join } from 'node:path'
import { toRelPath } from '../base/project-path.ts'
import type { Packages } from './packages.ts'
import type { ResolveOptions } from './resolution.ts'
import { folderOf, isNamed } from './specifier.ts'

/** The settings that say where code may come from. */
export type ResolvePolicy = Pick<ResolveOptions, 'allowedSources' | 'externalPolicy'>

/** Tells whether anything is kept out at all. */
export function isPolicy({ allowedSources, externalPolicy }: ResolvePolicy): boolean {
  return externalPolicy !== 'any' || !allowedSources.includes('*')
}

/**
 * Tells why `allowedSources` keeps a package or host out; undefined when it lets it in.
 *
 * The project's own and its workspace's packages are not sources in this sense: they are never
 * asked about.
 */
export function disallowed(
  options: ResolveOptions,
  what: 'package' | 'host',
  name: string,
): string | undefined {
  if (isNamed(name, options.allowedSources)) return undefined
  const listed = options.allowedSources.map((glob) => `"${glob}"`).join(', ')
  const needed = listed === '' ? 'it admits none' : `it admits ${listed}`
  return `the ${what} "${name}" is not in loading.allowedSources; ${needed}`
}

/**
 * Tells why `externalPolicy: 'declared'` keeps a package out; undefined when it lets it in: a
 * dependency (also an optional or a peer one) of the importer's own package, or one in
 * `externals`.
 */
export function undeclared(
  options: ResolveOptions,
  packages: Packages,
  request: { readonly specifier: string; readonly importer: string; readonly name: string },
): string | undefined {
  if (options.externalPolicy === 'any') return undefined
  if (isNamed(request.specifier, options.externals)) return undefined
  const owner = packages.nearest(folderOf(request.importer))
  if (owner?.declared.has(request.name) === true) return undefined
  const place =
    owner === undefined
      ? 'there is no package.json to declare it'
      : `${toRelPath(options.root, join(owner.folder, 'package.json'))} does not list it as a dependency`
  return `the package "${request.name}" is undeclared; ${place}`
}
