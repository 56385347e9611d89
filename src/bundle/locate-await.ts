import { extname } from 'node:path'
import type { SourceLocation } from '../base/error.ts'
import type { RelPath } from '../base/project-path.ts'
import { fromRelPath } from '../base/project-path.ts'
import type { EsbuildLoader, EsbuildMessage } from './esbuild.ts'
import { buildMessage } from './failure.ts'
import type { InputCollector } from './inputs.ts'
import type { BuildMetafile } from './metafile.ts'

/**
 * Finds where in the sources the first top-level `await` of a bundle stands, for messages.
 *
 * The bundle knows only the file. esbuild refuses top-level `await` for CommonJS and says where it
 * stands, so one file is compiled that way; only modules that have one pay for it.
 */
export async function locateAwait(
  hint: RelPath | undefined,
  parts: {
    readonly root: string
    readonly entry: RelPath
    readonly graph: BuildMetafile
    readonly collector: InputCollector
    readonly errorsOf: (text: string, loader: EsbuildLoader) => Promise<readonly EsbuildMessage[]>
  },
): Promise<SourceLocation> {
  const { root, graph, collector, errorsOf } = parts
  const files = new Set([...(hint === undefined ? [] : [hint]), ...Object.keys(graph.inputs)])
  for (const file of files) {
    const bytes = collector.get(fromRelPath(root, file))?.bytes
    const loader = LOADERS[extname(file)]
    if (bytes === undefined || loader === undefined) continue
    const text = Buffer.from(bytes).toString('utf8')
    if (!/\bawait\b/.test(text)) continue
    const errors = await errorsOf(text, loader)
    const found = errors.find((message) => message.text.includes('op-level await'))
    const location = found === undefined ? null : buildMessage(found, () => undefined).location
    if (location !== null) return { ...location, file }
  }
  return { file: hint ?? parts.entry, line: 1, column: 1 }
}

const LOADERS: Readonly<Record<string, EsbuildLoader>> = {
  '.js': 'js',
  '.mjs': 'js',
  '.jsx': 'jsx',
  '.ts': 'ts',
  '.mts': 'ts',
  '.tsx': 'tsx',
}
