import { readFileSync } from 'node:fs'
import { digest } from '../base/digest.ts'
import type { RelPath } from '../base/project-path.ts'
import { fromRelPath } from '../base/project-path.ts'
import type { ArtifactFacts } from '../bundle/artifact.ts'

/**
 * Reads the source behind a stack frame, at the time of the report.
 *
 * @returns undefined when the file is no input of the artifact, is gone, or is not what was built:
 *   a frame of other text would mislead
 */
export function sourceText(
  root: string,
  artifact: ArtifactFacts,
  file: RelPath,
): string | undefined {
  const input = artifact.inputs.find((one) => one.path === file)
  if (input === undefined) return undefined
  try {
    const bytes = readFileSync(fromRelPath(root, file))
    return digest(bytes) === input.sha256 ? bytes.toString() : undefined
  } catch {
    return undefined
  }
}
