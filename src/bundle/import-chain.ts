import { dirname } from 'node:path'
import type { RelPath } from '../base/project-path.ts'
import { fromRelPath, toRelPath } from '../base/project-path.ts'
import { candidatesOf } from '../resolve/candidates.ts'
import type { Resolver } from '../resolve/resolution.ts'
import type { InputCollector } from './inputs.ts'
import { lex } from './lexer.ts'
import { isPath } from './probes.ts'

/**
 * Finds how an entry came to import a file, in a build that failed and so left no metafile.
 *
 * It follows the imports of the files the build read; the shortest way is returned, with both
 * ends. Undefined when none is found, as for a file that only a plugin's import leads to.
 */
export function importChain(
  root: string,
  collector: InputCollector,
  resolver: Pick<Resolver, 'resolve'>,
  from: RelPath,
  to: RelPath,
): readonly RelPath[] | undefined {
  const read = new Set(collector.files)
  const start = fromRelPath(root, from)
  const goal = fromRelPath(root, to)
  const parents = new Map<string, string | undefined>([[start, undefined]])
  // A Map may grow while it is walked: it is the queue as well.
  for (const file of parents.keys()) {
    if (file === goal) return chainOf(root, parents, goal)
    for (const specifier of specifiersOf(collector, file)) {
      const target = follow(read, resolver, file, specifier)
      if (target !== undefined && !parents.has(target)) parents.set(target, file)
    }
  }
  return undefined
}

function chainOf(
  root: string,
  parents: ReadonlyMap<string, string | undefined>,
  goal: string,
): readonly RelPath[] {
  const chain: RelPath[] = []
  for (let at: string | undefined = goal; at !== undefined; at = parents.get(at)) {
    chain.unshift(toRelPath(root, at))
  }
  return chain
}

function follow(
  read: ReadonlySet<string>,
  resolver: Pick<Resolver, 'resolve'>,
  importer: string,
  specifier: string,
): string | undefined {
  if (isPath(specifier)) {
    for (const candidate of candidatesOf(specifier, dirname(importer))) {
      if (read.has(candidate)) return candidate
    }
  }
  const found = resolver.resolve(specifier, importer, 'import')
  return found.class === 'source' && read.has(found.file) ? found.file : undefined
}

function specifiersOf(collector: InputCollector, file: string): readonly string[] {
  const bytes = collector.get(file)?.bytes
  if (bytes === undefined) return []
  const text = Buffer.from(bytes).toString('utf8')
  const required = [...text.matchAll(/\brequire\(\s*["']([^"'\n]+)["']/g)].map((found) => found[1])
  return [...imported(text), ...required].filter((found) => found !== undefined)
}

/** JSX is beyond the lexer, and so is a file with a syntax error: a pattern does for a message. */
function imported(text: string): readonly (string | undefined)[] {
  try {
    const { imports, dynamic } = lex(text)
    return [...imports, ...dynamic].map((item) => item.specifier)
  } catch {
    const pattern = /(?:\bfrom\s*|\bimport\s*\(?\s*)["']([^"'\n]+)["']/g
    return [...text.matchAll(pattern)].map((found) => found[1])
  }
}
