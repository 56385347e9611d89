import type { ImportKind, ResolveOptions } from './resolution.ts'

/**
 * The export conditions that esbuild has to be given so that it picks the same files as we do.
 *
 * With packages left outside, a package that is inlined gets the conditions Node would use, so
 * moving it in or out never changes which of its files runs. With packages bundled, esbuild's own
 * defaults stay (`module` among them) unless the user names conditions.
 *
 * @returns undefined when esbuild's option must stay unset
 */
export function esbuildConditions(options: ResolveOptions): readonly string[] | undefined {
  if (options.packages === 'external') return [...NODE_ONLY, ...options.conditions]
  return options.conditions.length > 0 ? options.conditions : undefined
}

/** The conditions for a file that goes into a bundle. */
export function sourceConditions(options: ResolveOptions, kind: ImportKind): string[] {
  return ['node', moduleSystem(kind), ...(esbuildConditions(options) ?? ['module'])]
}

/** The conditions Node itself uses for a package that stays outside. */
export function nodeConditions(options: ResolveOptions, kind: ImportKind): string[] {
  return ['node', moduleSystem(kind), ...NODE_ONLY, ...options.conditions]
}

const NODE_ONLY: readonly string[] = ['module-sync', 'node-addons']

function moduleSystem(kind: ImportKind): 'import' | 'require' {
  return kind === 'require' ? 'require' : 'import'
}
