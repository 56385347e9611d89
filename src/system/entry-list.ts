import { fromRelPath, type RelPath } from '../base/project-path.ts'
import type { ModuleGraph } from '../load/module-graph.ts'

/**
 * Returns entries or paths as a list; callers without types pass what they read somewhere.
 *
 * @throws TypeError
 */
export function entryList(entries: string | readonly string[]): readonly string[] {
  if (typeof entries === 'string') return [entries]
  const given: unknown = entries
  if (Array.isArray(given) && given.every((entry) => typeof entry === 'string')) return entries
  const what = Array.isArray(given) ? 'a list with something else in it' : kindOf(given)
  throw new TypeError(`Entries must be a string or a list of strings, not ${what}`)
}

function kindOf(value: unknown): string {
  if (value instanceof URL) return 'a URL'
  return value === null ? 'null' : typeof value
}

/** The entries that paths name: their own, and those of the files that they were built from. */
export function entriesOf(
  pathsOrEntries: readonly string[],
  graph: ModuleGraph,
  root: string,
): readonly RelPath[] {
  const wanted = new Set(pathsOrEntries.map((path) => fromRelPath(root, path)))
  const entries = graph.modules
    .filter((module) => wanted.has(fromRelPath(root, module.path)))
    .flatMap((module) => module.entries)
  return [...new Set(entries)]
}
