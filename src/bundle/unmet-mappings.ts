import { importerPath, fromRelPath } from '../base/project-path.ts'
import type { RelPath } from '../base/project-path.ts'
import type { Resolver } from '../resolve/resolution.ts'
import type { InputsDeriver } from './derive-inputs.ts'
import { importKind } from './esbuild-options.ts'
import type { EsbuildMessage } from './esbuild.ts'
import { ImportHint } from './failure.ts'
import type { InputCollector } from './inputs.ts'
import { locateImport } from './locate-import.ts'
import { mappingHint } from './mapping-hint.ts'
import type { BuildMetafile } from './metafile.ts'

interface MappingParts {
  readonly root: string
  readonly collector: InputCollector
  readonly resolver: Pick<Resolver, 'resolve'>
  readonly deriver: Pick<InputsDeriver, 'mappingOf'>
}

/**
 * Finds the imports that tsconfig.json maps to files that are not there.
 *
 * Where packages stay imports, esbuild takes such a name for a package and says nothing.
 *
 * @returns messages as esbuild would have written them
 */
export function unmetMappings(
  graph: BuildMetafile,
  parts: MappingParts,
): readonly EsbuildMessage[] {
  const messages: EsbuildMessage[] = []
  for (const [importer, { imports }] of Object.entries(graph.inputs)) {
    for (const { external, path, kind } of imports) {
      if (!external || parts.deriver.mappingOf(importer, path) === undefined) continue
      const text = textOf(importer, parts)
      // As for any other missing file: who catches the failure of an import() may have it fail.
      if (kind !== 'import-statement' && /\b(?:try|catch)\b/.test(text)) continue
      const message = { ...EMPTY, location: locationOf(importer, path, text) }
      const hinted = withHint(message, importer, path, kind, parts)
      if (hinted !== undefined) messages.push(hinted)
    }
  }
  return messages
}

/** Adds to esbuild's "could not resolve" what tsconfig.json made of the name. */
export function hintMapping(message: EsbuildMessage, parts: MappingParts): EsbuildMessage {
  const specifier = /^Could not resolve "(.+)"$/.exec(message.text)?.[1]
  const importer = message.location?.file
  if (specifier === undefined || importer === undefined) return message
  if (parts.deriver.mappingOf(importer, specifier) === undefined) return message
  return withHint(message, importer, specifier, 'import-statement', parts) ?? message
}

function withHint(
  message: EsbuildMessage,
  importer: RelPath,
  specifier: string,
  kind: string,
  { resolver, root }: MappingParts,
): EsbuildMessage | undefined {
  const hint = mappingHint(resolver, specifier, importerPath(root, importer), importKind(kind))
  if (hint === undefined) return undefined
  const text = hint.reason.replace('could', 'Could')
  return { ...message, text, detail: new ImportHint(hint.fix) }
}

const EMPTY: EsbuildMessage = {
  id: '',
  pluginName: '',
  text: '',
  location: null,
  notes: [],
  detail: undefined,
}

function textOf(importer: RelPath, { root, collector }: MappingParts): string {
  const bytes = collector.get(fromRelPath(root, importer))?.bytes
  return bytes === undefined ? '' : Buffer.from(bytes).toString('utf8')
}

function locationOf(file: RelPath, specifier: string, text: string): EsbuildMessage['location'] {
  const place = locateImport(text, specifier)
  if (place === undefined) return null
  const lineText = text.split(/\r\n|[\n\r\u2028\u2029]/)[place.line - 1] ?? ''
  const column = Buffer.byteLength(lineText.slice(0, place.column - 1))
  const length = Buffer.byteLength(specifier) + 2
  return { file, namespace: 'file', line: place.line, column, length, lineText, suggestion: '' }
}
