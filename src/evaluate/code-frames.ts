import { codeFrame } from '../base/code-frame.ts'
import type { ErrorDetails, SomonError, SourceLocation } from '../base/error.ts'
import type { RelPath } from '../base/project-path.ts'
import type { ArtifactFacts } from '../bundle/artifact.ts'
import { locateImport } from '../bundle/locate-import.ts'
import type { MappedPosition } from './stack.ts'

/** Returns the text of an input; undefined when it is not any more what was built. */
export type SourceText = (artifact: ArtifactFacts, file: RelPath) => string | undefined

/** Makes the place and the code frame of an error out of its topmost mapped frame. */
export function frameOf(
  position: MappedPosition | undefined,
  sourceText: SourceText,
): Pick<ErrorDetails, 'location' | 'frame'> {
  if (position === undefined) return {}
  const { file, line, column, artifact } = position
  const location: SourceLocation = { file, line, column }
  const text = sourceText(artifact, file)
  const frame =
    text === undefined
      ? `${file}:${line}:${column} (source changed since build)`
      : `${file}:${line}:${column}\n${codeFrame(text, location)}`
  return { location, frame }
}

/**
 * Finds the import that an error is about, by the `importer`, `specifier` and `name` of its data.
 *
 * @returns nothing when the source has changed since the build, or does not show the import
 */
export function importPlace(
  { data }: SomonError,
  artifact: ArtifactFacts,
  sourceText: SourceText,
): Pick<ErrorDetails, 'location' | 'frame'> {
  const { importer, specifier, name } = data
  if (typeof importer !== 'string' || typeof specifier !== 'string') return {}
  const text = sourceText(artifact, importer)
  if (text === undefined) return {}
  const place = locateImport(text, specifier, typeof name === 'string' ? name : undefined)
  if (place === undefined) return {}
  const location: SourceLocation = { file: importer, ...place }
  return { location, frame: codeFrame(text, location) }
}
