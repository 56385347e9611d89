import { createPathsMatcher, parseTsconfig, type PathsMatcher } from 'get-tsconfig'

/** The entry of `compilerOptions.paths` that decides for a specifier. */
export interface PathMapping {
  readonly pattern: string
  /** Where it leads, absolute, in order. */
  readonly candidates: readonly string[]
}

/** One tsconfig.json with what its `extends` chain was made of. */
export interface Tsconfig {
  /** The file itself and every file it extends, absolute. */
  readonly files: readonly string[]
  /** Where `extends` was looked for in vain, absolute. */
  readonly missed: readonly string[]
  /** The paths that `compilerOptions.paths` and `baseUrl` offer for a specifier, in order. */
  candidates(specifier: string): readonly string[]
  /** The pattern of `paths` that fits a specifier; `baseUrl` is none. */
  mapping(specifier: string): PathMapping | undefined
}

/**
 * Reads a tsconfig.json with its `extends` chain.
 *
 * The chain comes from the keys of get-tsconfig's cache (4.14.3): the only place where it tells
 * which files it opened. A chain that is broken is reported by esbuild; here it ends early.
 *
 * @param file - absolute path of a file that exists
 */
export function readTsconfig(file: string): Tsconfig {
  const cache = new Map<string, unknown>()
  const { patterns, matcher } = readPaths(file, cache as Map<string, string>)
  const opened: string[] = []
  const missed: string[] = []
  for (const [key, value] of cache) {
    const [, call, path = ''] = /^(existsSync|readFileSync):(.*?)(?::utf8)?$/s.exec(key) ?? []
    if (call === 'readFileSync' && path !== file) opened.push(path)
    if (call === 'existsSync' && value === false) missed.push(path)
  }
  const candidates = (specifier: string): readonly string[] => matcher?.(specifier) ?? []
  const mapping = (specifier: string): PathMapping | undefined => {
    const pattern = patternOf(specifier, patterns)
    return pattern === undefined ? undefined : { pattern, candidates: candidates(specifier) }
  }
  return { files: [file, ...opened], missed, candidates, mapping }
}

/** Returns the pattern that TypeScript takes: the exact one, else the one with the longest head. */
export function patternOf(specifier: string, patterns: readonly string[]): string | undefined {
  if (patterns.includes(specifier)) return specifier
  let best: string | undefined
  for (const pattern of patterns) {
    const star = pattern.indexOf('*')
    if (star < 0 || specifier.length < pattern.length - 1) continue
    if (!specifier.startsWith(pattern.slice(0, star))) continue
    if (!specifier.endsWith(pattern.slice(star + 1))) continue
    if (best === undefined || star > best.indexOf('*')) best = pattern
  }
  return best
}

function readPaths(
  file: string,
  cache: Map<string, string>,
): { readonly patterns: readonly string[]; readonly matcher: PathsMatcher | null } {
  try {
    const config = parseTsconfig(file, cache)
    const patterns = Object.keys(config.compilerOptions?.paths ?? {})
    return { patterns, matcher: createPathsMatcher({ path: file, config }) }
  } catch {
    return { patterns: [], matcher: null }
  }
}
