import { isSomonError, messageOf, type SomonError } from '../base/error.ts'
import type { RelPath } from '../base/project-path.ts'
import { evaluationFailed } from '../evaluate/errors.ts'
import { StartFailure } from './start-generation.ts'

/** Returns a coded error as it is, also out of a failed start, and anything else a module threw as the cause of one. */
export function asLoadError(module: RelPath, thrown: unknown): SomonError {
  if (thrown instanceof StartFailure) return asLoadError(module, thrown.error)
  if (isSomonError(thrown)) return thrown
  return evaluationFailed({ module, reason: messageOf(thrown) }, { cause: thrown })
}
