import { readFileSync } from 'node:fs'
import { codeFrame } from '../base/code-frame.ts'
import type { ErrorDetails, SourceLocation } from '../base/error.ts'
import { SomonError, isSomonError } from '../base/error.ts'
import type { RelPath } from '../base/project-path.ts'
import { fromRelPath } from '../base/project-path.ts'
import type { BuildMessage } from './build-message.ts'
import { bundleFailed } from './errors.ts'
import type { EsbuildMessage } from './esbuild.ts'
import { lowered, optionFault } from './known-fault.ts'
import { fixForReadFault } from './read-fault.ts'

/** Returns the text of a source file, or undefined when it cannot be read. */
export type SourceReader = (file: RelPath) => string | undefined

/** Reads sources below a root, for code frames. */
export function createSourceReader(root: string): SourceReader {
  return (file) => {
    try {
      return readFileSync(fromRelPath(root, file), 'utf8')
    } catch {
      return undefined
    }
  }
}

/** Detail of a message about an import: what helps, where the resolver knows more than esbuild. */
export class ImportHint {
  readonly fix: string

  constructor(fix: string) {
    this.fix = fix
  }
}

/** Puts a message of esbuild into our coordinates and draws its frame. */
export function buildMessage(message: EsbuildMessage, readSource: SourceReader): BuildMessage {
  const location = sourceLocation(message.location)
  return {
    text: message.text,
    id: message.id,
    pluginName: message.pluginName,
    location,
    frame: frameOf(message.location, location, readSource),
    notes: message.notes.map((note) => ({
      text: note.text,
      location: sourceLocation(note.location),
    })),
  }
}

/**
 * Makes the error of one entry out of esbuild's messages.
 *
 * A plugin's or our own coded error keeps its code; everything else is SOMON_BUNDLE_FAILED.
 *
 * @param chainTo - finds the way from the entry to the file that holds a fault
 */
export function failureOf(
  entry: RelPath,
  messages: readonly EsbuildMessage[],
  readSource: SourceReader,
  chainTo: (file: RelPath) => readonly RelPath[] | undefined,
): SomonError {
  const parts = messages.map((message) => {
    const importChain = message.location === null ? undefined : chainTo(message.location.file)
    return single(entry, message, buildMessage(message, readSource), importChain)
  })
  const [first] = parts
  if (first === undefined) return bundleFailed({ entry, reason: 'it failed', errorCount: 0 })
  if (parts.length === 1) return first
  if (first.code !== bundleFailed.code) return copyWith(first, { errors: parts })
  const reason = reasonOf(messages[0], first.location)
  return bundleFailed(
    { entry, reason, errorCount: parts.length },
    { ...detailsOf(first), errors: parts, fix: first.fix },
  )
}

function single(
  entry: RelPath,
  message: EsbuildMessage,
  converted: BuildMessage,
  importChain: readonly RelPath[] | undefined,
): SomonError {
  const details: ErrorDetails = {
    ...(converted.location === null ? {} : { location: converted.location }),
    ...(converted.frame === null ? {} : { frame: converted.frame }),
    ...(importChain === undefined ? {} : { importChain }),
  }
  if (isSomonError(message.detail)) return copyWith(message.detail, details)
  const fault = optionFault(message)
  if (fault !== undefined) return fault
  const reason = reasonOf(message, converted.location ?? undefined)
  const fix = fixFor(message)
  return bundleFailed(
    { entry, reason, errorCount: 1 },
    {
      ...details,
      fix,
      ...(message.detail instanceof Error ? { cause: message.detail } : {}),
    },
  )
}

/**
 * Adds where it happened to an error that a plugin threw. The original is no cause of the copy: it
 * says the same; only where it was thrown would be lost.
 */
export function copyWith(error: SomonError, details: ErrorDetails): SomonError {
  const copy = new SomonError(error.code, error.message, error.fix, error.data, {
    ...details,
    ...detailsOf(error),
    ...(error.cause === undefined ? {} : { cause: error.cause }),
    retryable: error.retryable,
  })
  if (error.stack !== undefined) copy.stack = error.stack
  return copy
}

function detailsOf(error: SomonError): ErrorDetails {
  return {
    ...(error.location === undefined ? {} : { location: error.location }),
    ...(error.frame === undefined ? {} : { frame: error.frame }),
    ...(error.importChain === undefined ? {} : { importChain: error.importChain }),
    ...(error.errors === undefined ? {} : { errors: error.errors }),
  }
}

function reasonOf(message: EsbuildMessage | undefined, location?: SourceLocation): string {
  if (message === undefined) return 'it failed'
  // Ours reads the files: no plugin that a user knows of.
  const by = ['', READER].includes(message.pluginName) ? '' : `plugin "${message.pluginName}": `
  const text = `${by}${lowered(message.text)}`
  return location === undefined
    ? text
    : `${text} (${location.file}:${location.line}:${location.column})`
}

const READER = 'somon'

/** esbuild has no ids for its errors, only texts (0.28.2, `internal/bundler/bundler.go`). */
const FIXES: readonly (readonly [pattern: RegExp, fix: string])[] = [
  [/^Could not resolve "\.{0,2}\//, 'Create the file, or correct the specifier'],
  [/^Could not resolve/, 'Install the package, or correct the specifier'],
  [
    /^No loader is configured for "\.node" files/,
    'Keep the package that holds the native addon external: name it in loading.externals',
  ],
  [
    /^No loader is configured/,
    'Add a plugin that loads such files, or import a file that needs none',
  ],
  [/^Cannot read directory/, 'Name a file in the folder'],
  [/^Refusing to overwrite input file/, 'Choose a place for the output that holds no source'],
  [/^Failed to (?:create|write)/, 'Choose a place for the output that can be written'],
]

/** Returns what helps against a message of esbuild: what its text tells, else where to look. */
export function fixForText(text: string, location: object | null): string {
  const known = FIXES.find(([pattern]) => pattern.test(text))?.[1]
  return (
    known ?? (location === null ? bundleFailed.remedy : 'Correct the source at the place shown')
  )
}

function fixFor(message: EsbuildMessage): string {
  if (message.detail instanceof ImportHint) return message.detail.fix
  if (message.pluginName === READER && message.detail instanceof Error) {
    const fix = fixForReadFault(message.detail)
    if (fix !== undefined) return fix
  }
  return fixForText(message.text, message.location)
}

/** esbuild counts columns in bytes of UTF-8 from 0, we in UTF-16 units from 1. */
function sourceLocation(location: EsbuildMessage['location']): SourceLocation | null {
  if (location === null) return null
  const line = Buffer.from(location.lineText)
  const column = line.subarray(0, location.column).toString().length + 1
  const { length } = line.subarray(location.column, location.column + location.length).toString()
  const file = location.file.replaceAll('\\', '/')
  return { file, line: location.line, column, ...(length > 1 ? { length } : {}) }
}

/** The file's own lines; the one line that esbuild quotes when the file cannot be read. */
function frameOf(
  raw: EsbuildMessage['location'],
  location: SourceLocation | null,
  readSource: SourceReader,
): string | null {
  if (raw === null || location === null) return null
  const source = readSource(location.file)
  const quoted = source?.split(/\r\n|[\n\r\u2028\u2029]/)[location.line - 1]
  if (source !== undefined && quoted !== undefined && raw.lineText.endsWith(quoted)) {
    return codeFrame(source, location)
  }
  return codeFrame('\n'.repeat(location.line - 1) + raw.lineText, location, 0)
}
