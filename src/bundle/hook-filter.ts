import type { HookFilter, StringFilter } from './plugin.ts'

type Pattern = string | RegExp

interface Patterns {
  include?: Pattern[]
  exclude?: Pattern[]
}

/**
 * Prepares the filter of `load` and `transform` for unplugin: its relative globs would start at
 * the process's working folder, ours start at the project root.
 */
export function fileFilter(filter: HookFilter, root: string): { id?: Patterns; code?: Patterns } {
  return {
    ...(filter.id !== undefined && { id: mapPatterns(filter.id, (glob) => fromRoot(glob, root)) }),
    ...(filter.code !== undefined && { code: mapPatterns(filter.code, (text) => text) }),
  }
}

/**
 * Makes the test of `resolveId`'s filter, whose texts are specifiers as they are written; unplugin
 * would take them for globs of files.
 */
export function specifierFilter(filter: StringFilter): (specifier: string) => boolean {
  const { include, exclude } = mapPatterns(filter, (text) => text)
  return (specifier) => {
    const matches = (pattern: Pattern): boolean =>
      typeof pattern === 'string' ? pattern === specifier : specifier.search(pattern) >= 0
    if (exclude?.some(matches)) return false
    return include === undefined || include.length === 0 || include.some(matches)
  }
}

function mapPatterns(filter: StringFilter, mapText: (text: string) => string): Patterns {
  const list = (patterns: Pattern | readonly Pattern[]): Pattern[] =>
    (isList(patterns) ? patterns : [patterns]).map((pattern) =>
      typeof pattern === 'string' ? mapText(pattern) : pattern,
    )
  if (typeof filter === 'string' || filter instanceof RegExp || isList(filter)) {
    return { include: list(filter) }
  }
  return {
    ...(filter.include !== undefined && { include: list(filter.include) }),
    ...(filter.exclude !== undefined && { exclude: list(filter.exclude) }),
  }
}

function isList(value: unknown): value is readonly Pattern[] {
  return Array.isArray(value)
}

function fromRoot(glob: string, root: string): string {
  if (glob.startsWith('**') || /^(?:[A-Z]:)?[/\\]/i.test(glob) || glob.startsWith('\0')) return glob
  const folder = root.replaceAll('\\', '/').replaceAll(/[$()*+?[\]^{|}]/g, String.raw`\$&`)
  return `${folder}/${glob.replace(/^\.\//, '')}`
}
