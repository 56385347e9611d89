import { matchesGlob, posix } from 'node:path'
import type { RelPath } from '../base/project-path.ts'
import type { EsbuildMetafile } from './esbuild.ts'
import { isMetaModule } from './meta.ts'
import type { BuildMetafile, MetafileImport, MetafileInput } from './metafile.ts'

/**
 * Cuts out of a build's metafile what one entry reaches, files that were shaken off included: they
 * decide what the output is all the same.
 *
 * The virtual modules of `import.meta` are left out, and a file that is imported with several
 * attributes is one input.
 *
 * @param output - the key of the entry's output in the metafile
 * @param isFile - tells whether a path is a file; asked only for names with `?` or `#`
 */
export function entryGraph(
  metafile: EsbuildMetafile,
  entry: RelPath,
  output: string,
  isFile: (path: RelPath) => boolean,
): BuildMetafile {
  const plain = (key: string): RelPath => plainPath(metafile, key, isFile)
  const shares = metafile.outputs[output]?.inputs ?? {}
  const inputs: Record<RelPath, MetafileInput> = {}
  const seen = new Set<string>()
  const open = [entry]
  for (let key = open.shift(); key !== undefined; key = open.shift()) {
    const input = metafile.inputs[key]
    if (input === undefined || seen.has(key) || isMetaModule(key)) continue
    seen.add(key)
    const path = plain(key)
    const imports: MetafileImport[] = []
    for (const item of input.imports) {
      if (isMetaModule(item.path)) continue
      const found = isGlob(item) ? globbed(metafile, path, item.path) : [item.path]
      if (item.external !== true || isGlob(item)) open.push(...found)
      for (const target of found) imports.push(importOf(item, target, plain))
    }
    const before = inputs[path]
    inputs[path] = {
      bytes: input.bytes,
      bytesInOutput: (before?.bytesInOutput ?? 0) + (shares[key]?.bytesInOutput ?? 0),
      ...(input.format === undefined ? {} : { format: input.format }),
      imports: [...(before?.imports ?? []), ...imports],
    }
  }
  return { inputs }
}

type RawImport = EsbuildMetafile['inputs'][string]['imports'][number]

function importOf(
  item: RawImport,
  target: string,
  plain: (key: string) => RelPath,
): MetafileImport {
  const external = item.external === true && !isGlob(item)
  const original = isGlob(item) ? item.path : item.original
  return {
    path: external ? target : plain(target),
    kind: isGlob(item) ? 'dynamic-import' : item.kind,
    external,
    ...(original === undefined ? {} : { original }),
  }
}

/** esbuild lists a pattern import as an external of that name and does not link what it found. */
function isGlob(item: RawImport): boolean {
  return item.external === true && item.path.includes('*') && /^\.{1,2}\//.test(item.path)
}

function globbed(metafile: EsbuildMetafile, importer: RelPath, pattern: string): readonly string[] {
  const whole = posix.join(posix.dirname(importer), pattern)
  return Object.keys(metafile.inputs).filter((key) => matchesGlob(key, whole))
}

/**
 * esbuild names a file that is imported with attributes `a.json with { type: 'text' }`, and one
 * that is imported as `./a.css?module` by that name, unless a file is really called so.
 */
function plainPath(
  metafile: EsbuildMetafile,
  key: string,
  isFile: (path: RelPath) => boolean,
): RelPath {
  const attributes = (metafile.inputs[key] as { with?: Record<string, string> } | undefined)?.with
  const path = attributes === undefined ? key : key.replace(/ with \{[^}]*\}$/, '')
  const query = path.search(/[?#]/)
  // Modules of plugins have a namespace; their names are no paths.
  if (query <= 0 || /^[\w+.-]{2,}:/.test(path) || isFile(path)) return path
  return path.slice(0, query)
}
