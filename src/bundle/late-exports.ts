import type { RelPath } from '../base/project-path.ts'
import type { PathComments } from './path-comments.ts'

/**
 * Names the object in which esbuild gathers what the entry passes on by `export *` and cannot
 * name in its `export` statement: names of externals that a file below the entry stars, and of
 * CommonJS sources, which are known when they have run.
 *
 * esbuild 0.28 fills the object and leaves it out of an ESM output (evanw/esbuild#1737).
 */
export function lateExportsOf(
  bundled: string,
  comments: PathComments,
  entry: RelPath,
): string | undefined {
  if (!bundled.includes('__reExport(')) return undefined
  for (const match of bundled.matchAll(/^\s*__reExport\(([\w$]+), /gm)) {
    const name = match[1] ?? ''
    const declaration = bundled.search(
      new RegExp(`^var ${name.replaceAll('$', String.raw`\$`)} = \\{\\};$`, 'm'),
    )
    if (declaration !== -1 && comments.fileAt(declaration) === entry) return name
  }
  return undefined
}
