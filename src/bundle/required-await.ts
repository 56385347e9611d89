import type { SomonError, SourceLocation } from '../base/error.ts'
import { codeFrame } from '../base/code-frame.ts'
import type { RelPath } from '../base/project-path.ts'
import { bundleFailed } from './errors.ts'
import type { SourceReader } from './failure.ts'
import type { BuildMetafile } from './metafile.ts'

/**
 * Finds a `require()` of a module with top-level `await`, its own or one of its imports'.
 *
 * Node refuses it (ERR_REQUIRE_ASYNC_MODULE); esbuild 0.28.2 bundles it and hands out the exports
 * before they are there. The bundle shows which modules are asynchronous: `async "src/a.ts"() {`.
 */
export function requiredAwait(
  entry: RelPath,
  bundled: string,
  graph: BuildMetafile,
  readSource: SourceReader,
): SomonError | undefined {
  // Most bundles have none, and a pattern that starts at every line takes its time.
  if (!bundled.includes('\n  async "')) return undefined
  const asynchronous = new Set<string>()
  for (const match of bundled.matchAll(/^ {2}async ("(?:[^"\\]|\\.)*")\(\) \{$/gm)) {
    asynchronous.add(JSON.parse(match[1] ?? '""') as string)
  }
  if (asynchronous.size === 0) return undefined
  for (const [importer, { imports }] of Object.entries(graph.inputs)) {
    for (const { kind, path, original } of imports) {
      if (kind !== 'require-call' || !asynchronous.has(path)) continue
      const source = readSource(importer)
      const location = locate(importer, source, original ?? path)
      return bundleFailed(
        {
          entry,
          reason: `"${importer}" requires "${path}", which waits at its top level`,
          errorCount: 1,
        },
        {
          fix: 'Load that module with import() instead of require()',
          location,
          ...(source === undefined ? {} : { frame: codeFrame(source, location) }),
        },
      )
    }
  }
  return undefined
}

/** esbuild gives no place in a build that succeeds: the text of the call is looked for. */
function locate(file: RelPath, source: string | undefined, specifier: string): SourceLocation {
  for (const [index, text] of (source ?? '').split(/\r\n|[\n\r\u2028\u2029]/).entries()) {
    const column = text.indexOf(specifier)
    if (column > 0 && text.includes('require')) {
      return { file, line: index + 1, column, length: specifier.length + 2 }
    }
  }
  return { file, line: 1, column: 1 }
}
