import type { ErrorDetails, SomonError } from '../base/error.ts'
import type { RelPath } from '../base/project-path.ts'
import type { BuildMessage } from './build-message.ts'
import { bundleFailed } from './errors.ts'
import { copyWith, fixForText } from './failure.ts'
import { knownFault, lowered } from './known-fault.ts'
import type { MappingHint } from './mapping-hint.ts'
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
      bundleFailed({ entry, reason: lowered(message.text), errorCount: 1 }, detailsOf(message)),
  )
  const [first] = parts
  if (first !== undefined && parts.length === 1) return first
  if (first !== undefined && first.code !== bundleFailed.code) {
    return copyWith(first, { errors: parts })
  }
  const reason = lowered(errors[0]?.text ?? 'esbuild did not finish')
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

/** A name that esbuild could not resolve, and the file that imports it. */
export interface UnresolvedName {
  readonly specifier: string
  readonly importer: RelPath
}

/**
 * Adds to an error of a build what tsconfig.json makes of the names that could not be resolved.
 *
 * @param ask - answers for each name; called only when there are such names
 */
export async function withMappingHints(
  error: SomonError,
  ask: (
    names: readonly UnresolvedName[],
  ) => Promise<readonly (MappingHint | undefined)[]> | readonly (MappingHint | undefined)[],
): Promise<SomonError> {
  const parts = error.errors ?? [error]
  const names = parts.map(unresolvedName)
  const known = names.filter((name) => name !== undefined)
  const answers = known.length === 0 ? [] : await ask(known)
  if (answers.every((hint) => hint === undefined)) return error
  const hints = new Map(known.map((name, index) => [name, answers[index]]))
  const hinted = parts.map((part, index) => {
    const name = names[index]
    return withHint(part, name && hints.get(name))
  })
  const [first = error] = hinted
  if (error.errors === undefined) return first
  if (error.code !== bundleFailed.code) return copyWith(error, { errors: hinted })
  return failed(error, first.data['reason'], { ...placeOf(first), fix: first.fix, errors: hinted })
}

function withHint(part: SomonError, hint: MappingHint | undefined): SomonError {
  return hint === undefined ? part : failed(part, hint.reason, { ...placeOf(part), fix: hint.fix })
}

function failed(like: SomonError, reason: unknown, details: ErrorDetails): SomonError {
  const { entry, errorCount } = like.data
  const count = typeof errorCount === 'number' ? errorCount : 1
  return bundleFailed({ entry: String(entry), reason: String(reason), errorCount: count }, details)
}

function unresolvedName({ code, data, location }: SomonError): UnresolvedName | undefined {
  if (code !== bundleFailed.code || location === undefined) return undefined
  const specifier = /^could not resolve "(.+?)"(?: \([^()]*\))?$/.exec(String(data['reason']))?.[1]
  return specifier === undefined ? undefined : { specifier, importer: location.file }
}

function placeOf({ location, frame }: SomonError): ErrorDetails {
  return {
    ...(location === undefined ? {} : { location }),
    ...(frame === undefined ? {} : { frame }),
  }
}
