import { codeFrame } from '../base/code-frame.ts'
import type { ErrorDetails, SourceLocation } from '../base/error.ts'
import type { RelPath } from '../base/project-path.ts'
import type { ArtifactFacts } from '../bundle/artifact.ts'
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
