import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { fromRelPath, isModuleUrl, type RelPath } from '../base/project-path.ts'
import type { Hot } from './hot.ts'

/** What `import.meta` holds in a source that somon evaluates, beside what plugins add. */
export interface SomonImportMeta {
  readonly url: string
  /** Undefined in a module that is no file, as in Node. */
  readonly filename: string | undefined
  readonly dirname: string | undefined
  /** True in the entry of `somon run`. */
  readonly main: boolean
  /** Undefined where reload is impossible. */
  readonly hot: Hot | undefined
  /** Resolves from this source file; returns a URL, or the name of a builtin. */
  resolve(specifier: string): string
}

declare global {
  interface ImportMeta {
    /** Set by somon where the module can be reloaded. */
    readonly hot?: Hot | undefined
  }
}

/** What `import.meta` of one generation is made of. */
export interface ImportMetaParts {
  readonly root: string
  /** The entry, relative to the root. */
  readonly entry: RelPath
  readonly main: boolean
  /** Undefined where reload is impossible. */
  readonly hot: Hot | undefined
  readonly resolve: (specifier: string, importer: RelPath) => string
  /** Lets plugins add properties. */
  readonly extend: (meta: Record<string, unknown>) => void
}

/**
 * Makes the `$m` of one generation: `import.meta` by source file, one object for each.
 *
 * It describes the source, not the bundle: `url`, `filename`, `dirname`, `resolve` are those of
 * the file that mentions it.
 */
export function importMetaOf(parts: ImportMetaParts): (file: RelPath) => Record<string, unknown> {
  const metas = new Map<RelPath, Record<string, unknown>>()
  return (file) => {
    const known = metas.get(file)
    if (known !== undefined) return known
    const filename = isModuleUrl(file) ? undefined : fromRelPath(parts.root, file)
    const meta: Record<string, unknown> = Object.assign(
      Object.create(null) as Record<string, unknown>,
      {
        dirname: filename === undefined ? undefined : dirname(filename),
        filename,
        main: parts.main && file === parts.entry,
        resolve: (specifier: string) => parts.resolve(specifier, file),
        url: filename === undefined ? file : pathToFileURL(filename).href,
        hot: parts.hot,
      },
    )
    parts.extend(meta)
    metas.set(file, meta)
    return meta
  }
}
