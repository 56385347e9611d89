import type { ErrorDetails } from '../base/error.ts'
import { SomonError } from '../base/error.ts'
import type { BuildMessage } from './build-message.ts'
import type { OutputBuild } from './output-build.ts'

/** Turns the errors of an output build into one coded error with one part for each of them. */
export function outputFailed(
  build: OutputBuild,
  errors: readonly BuildMessage[],
  warnings: readonly BuildMessage[],
  cause?: unknown,
): SomonError {
  const parts = errors.map((message) => failure(message.text, detailsOf(message)))
  const [first] = parts
  const subject = build.entries.join(', ')
  const details: ErrorDetails = {
    ...(cause === undefined ? {} : { cause }),
    ...(errors[0] === undefined ? {} : detailsOf(errors[0])),
    ...(parts.length > 1 ? { errors: parts } : {}),
  }
  const what =
    first === undefined
      ? 'esbuild did not finish'
      : parts.length === 1
        ? first.message
        : `${parts.length} errors, first: ${first.message}`
  return failure(`Cannot bundle "${subject}": ${what}`, details, {
    entries: build.entries,
    errorCount: errors.length,
    warningCount: warnings.length,
  })
}

function failure(
  message: string,
  details: ErrorDetails,
  data: Readonly<Record<string, unknown>> = {},
): SomonError {
  return new SomonError(
    'SOMON_BUNDLE_FAILED',
    message,
    'correct the source at the place shown, then bundle again',
    data,
    details,
  )
}

function detailsOf(message: BuildMessage): ErrorDetails {
  return {
    ...(message.location === null ? {} : { location: message.location }),
    ...(message.frame === null ? {} : { frame: message.frame }),
  }
}
