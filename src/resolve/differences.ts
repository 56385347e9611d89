import { existsSync } from 'node:fs'
import { basename, extname } from 'node:path'
import { candidatesOf } from './candidates.ts'
import { OUTPUT_EXTENSIONS } from './extensions.ts'
import type { OxcSearch } from './oxc.ts'
import type { ImportKind, Resolution } from './resolution.ts'
import { folderOf, specifierForm } from './specifier.ts'

/**
 * Says where a bundle would contain another file than the one found here, or where TypeScript
 * would read another one. Each sentence tells how to write the import so that all agree.
 */
export function differencesOf(
  request: { readonly specifier: string; readonly importer: string; readonly kind: ImportKind },
  resolution: Resolution,
  search: OxcSearch,
): readonly string[] {
  if (resolution.class !== 'source') return []
  const { file } = resolution
  const shadowed = shadowedSource(request.specifier, file)
  if (shadowed !== undefined) {
    return [
      `esbuild and this resolver take ${basename(file)} although ${basename(shadowed)} lies ` +
        `beside it, which TypeScript reads; delete one of them or name the one you mean`,
    ]
  }
  if (isThroughRootDirs(request, file)) {
    return [
      `${file} is found through rootDirs of tsconfig.json, which esbuild does not follow; ` +
        `import it by its real place`,
    ]
  }
  if (request.kind === 'entry') return []
  const bundled = search.bundler(request.specifier, request.importer, request.kind)
  if (bundled.found === 'file' && bundled.file === file) return []
  const other = bundled.found === 'file' ? `takes ${bundled.file} instead` : 'does not find it'
  return [
    `esbuild ${other}: it guesses neither ${extname(file)} files nor paths of referenced ` +
      `tsconfig.json files; write the whole file name, or repeat the paths in the nearest one`,
  ]
}

/** `./a.js` with both `a.js` and `a.ts` on disk: returns the TypeScript file. */
function shadowedSource(specifier: string, file: string): string | undefined {
  const extension = extname(file)
  if (!specifier.endsWith(extension) || extension === '') return undefined
  const stem = file.slice(0, -extension.length)
  return (OUTPUT_EXTENSIONS[extension] ?? [])
    .map((other) => stem + other)
    .find((other) => other !== file && existsSync(other))
}

function isThroughRootDirs(
  request: { readonly specifier: string; readonly importer: string },
  file: string,
): boolean {
  if (specifierForm(request.specifier) !== 'relative') return false
  const candidates = candidatesOf(request.specifier, folderOf(request.importer))
  // A folder's package.json may lead anywhere, and a link elsewhere: neither is rootDirs.
  return !candidates.some((candidate) => existsSync(candidate)) && existsSync(file)
}
