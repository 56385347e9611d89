import { createPathsMatcher, parseTsconfig } from 'get-tsconfig'

/** One tsconfig.json with what its `extends` chain was made of. */
export interface Tsconfig {
  /** The file itself and every file it extends, absolute. */
  readonly files: readonly string[]
  /** Where `extends` was looked for in vain, absolute. */
  readonly missed: readonly string[]
  /** The paths that `compilerOptions.paths` and `baseUrl` offer for a specifier, in order. */
  candidates(specifier: string): readonly string[]
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
  const matcher = readMatcher(file, cache as Map<string, string>)
  const opened: string[] = []
  const missed: string[] = []
  for (const [key, value] of cache) {
    const [, call, path = ''] = /^(existsSync|readFileSync):(.*?)(?::utf8)?$/s.exec(key) ?? []
    if (call === 'readFileSync' && path !== file) opened.push(path)
    if (call === 'existsSync' && value === false) missed.push(path)
  }
  return { files: [file, ...opened], missed, candidates: (specifier) => matcher?.(specifier) ?? [] }
}

function readMatcher(
  file: string,
  cache: Map<string, string>,
): ReturnType<typeof createPathsMatcher> {
  try {
    return createPathsMatcher({ path: file, config: parseTsconfig(file, cache) })
  } catch {
    return null
  }
}
