import { defineError, type ErrorFactory } from '../base/error.ts'
import { FOLDER } from './no-file.ts'

/** A specifier that names nothing. */
export const resolveNotFound: ErrorFactory<{
  readonly specifier: string
  /** The importing file or folder, relative to the root. */
  readonly importer: string
  readonly reason: string
  /** The paths that were looked at, relative to the root. */
  readonly tried: readonly string[]
  /** What was probably meant, written as a specifier. */
  readonly suggestion: string | undefined
}> = defineError({
  code: 'SOMON_RESOLVE_NOT_FOUND',
  when: 'A specifier, or an entry named on the command line, leads to no file.',
  remedy: 'Correct the specifier, create the file, or install the package',
  message: ({ specifier, importer, reason }) =>
    `Cannot resolve "${specifier}" from "${importer}": ${reason}`,
  fix: ({ reason, suggestion }) => {
    if (suggestion !== undefined) return `Write "${suggestion}" if that is what you mean`
    return reason === FOLDER
      ? 'Name a file in the folder, or give it an index file'
      : 'Correct the specifier, create the file, or install the package'
  },
})

/** A package or host that the settings do not let in. */
export const resolveSourceDenied: ErrorFactory<{
  readonly specifier: string
  readonly importer: string
  readonly packageName: string | undefined
  readonly reason: string
}> = defineError({
  code: 'SOMON_RESOLVE_SOURCE_DENIED',
  when: 'An import is refused by `loading.externalPolicy` or `loading.allowedSources`.',
  remedy: 'Declare the package in package.json, or admit it in loading.allowedSources',
  message: ({ specifier, importer, reason }) =>
    `Cannot import "${specifier}" from "${importer}": ${reason}`,
})

/** A package.json or tsconfig.json that cannot be read. */
export const resolveUnreadableConfig: ErrorFactory<{
  /** Relative to the root where the file lies below it. */
  readonly file: string
  readonly line: number | undefined
  readonly column: number | undefined
  readonly reason: string
}> = defineError({
  code: 'SOMON_RESOLVE_UNREADABLE_CONFIG',
  when: 'A package.json or tsconfig.json that decides a resolution is not valid.',
  remedy: 'Correct the file; every import near it depends on it',
  message: ({ file, line, column, reason }) =>
    `Cannot read "${file}${line === undefined ? '' : `:${line}:${column}`}": ${reason}`,
})
