import type { ErrorDetails } from '../base/error.ts'
import type { SomonError } from '../base/error.ts'
import type { BuildMessage } from './build-message.ts'
import { bundleFailed } from './errors.ts'
import { copyWith, fixForText } from './failure.ts'
import { knownFault } from './known-fault.ts'
import type { OutputBuild } from './output-build.ts'

/**
 * Turns the errors that esbuild's program printed into one coded error, with a part for each when
 * there are several.
 */
export function outputFailed(
  build: OutputBuild,
  errors: readonly BuildMessage[],
  cause?: unknown,
): SomonError {
  const entry = build.entries.join(', ')
  const parts = errors.map(
    (message) =>
      knownFault(build, message) ??
      bundleFailed({ entry, reason: message.text, errorCount: 1 }, detailsOf(message)),
  )
  const [first] = parts
  if (first !== undefined && parts.length === 1) return first
  if (first !== undefined && first.code !== bundleFailed.code) {
    return copyWith(first, { errors: parts })
  }
  const reason = errors[0]?.text ?? 'esbuild did not finish'
  return bundleFailed(
    { entry, reason, errorCount: errors.length },
    {
      ...(cause === undefined ? {} : { cause }),
      ...(errors[0] === undefined ? {} : detailsOf(errors[0])),
      ...(first === undefined ? {} : { errors: parts }),
    },
  )
}

function detailsOf(message: BuildMessage): ErrorDetails {
  return {
    fix: fixForText(message.text, message.location),
    ...(message.location === null ? {} : { location: message.location }),
    ...(message.frame === null ? {} : { frame: message.frame }),
  }
}
