import { codeFrame } from '../base/code-frame.ts'
import type { SourceLocation } from '../base/error.ts'
import type { BuildMessage } from './build-message.ts'

/** What esbuild's program said, in order. */
export interface EsbuildLog {
  readonly errors: readonly BuildMessage[]
  readonly warnings: readonly BuildMessage[]
}

/**
 * Reads the messages that esbuild's program prints with `--color=false --log-limit=0`.
 *
 * The form is that of esbuild 0.28 (`internal/logger/logger.go`): a heading, an indented place, an
 * indented excerpt; notes follow with an indent of two. A text that follows no heading is kept as
 * an error without a place, so that nothing esbuild says is lost.
 *
 * @param readSource - the text of a file, for frames; undefined when it cannot be read
 */
export function parseEsbuildLog(
  log: string,
  readSource: (file: string) => string | undefined,
): EsbuildLog {
  const errors: BuildMessage[] = []
  const warnings: BuildMessage[] = []
  for (const block of blocks(log)) {
    const heading = HEADING.exec(block[0] ?? '')
    if (heading === null) {
      errors.push({ text: block.join('\n'), ...PLACELESS })
      continue
    }
    const message = readMessage(heading[2] ?? '', block.slice(1), readSource)
    if (heading[1] === 'ERROR') errors.push(message)
    else warnings.push(message)
  }
  return { errors, warnings }
}

const HEADING = /^\S+ \[(ERROR|WARNING)\] (.*)$/
const PLACE = /^ {4}(.+):(\d+):(\d+):$/
const NOTE = /^ {2}(\S.*)$/
const SUMMARY = /^\d+ (?:error|warning)s?(?: and \d+ (?:error|warning)s?)?(?: \(.*\))?$/
const PLACELESS = { id: '', pluginName: '', location: null, frame: null, notes: [] } as const

function blocks(log: string): string[][] {
  const found: string[][] = []
  for (const line of log.split(/\r?\n/)) {
    if (line === '' || SUMMARY.test(line)) continue
    const last = found.at(-1)
    // Only a heading opens a message: a text of several lines goes on at the margin.
    if (last === undefined || HEADING.test(line)) found.push([line])
    else last.push(line)
  }
  return found
}

function readMessage(
  heading: string,
  lines: readonly string[],
  readSource: (file: string) => string | undefined,
): BuildMessage {
  const parts = /^(.*?)(?: \[plugin ([^\]]+)\])?(?: \[([a-z][a-z0-9-]*)\])?$/.exec(heading)
  const notes: { text: string; location: SourceLocation | null }[] = []
  let location: SourceLocation | null = null
  for (const [index, line] of lines.entries()) {
    const place = PLACE.exec(line)
    const note = NOTE.exec(line)
    if (place !== null) {
      const at = readPlace(place, lines.slice(index + 1), readSource)
      const last = notes.at(-1)
      if (last === undefined) location ??= at
      else if (last.location === null) last.location = at
    } else if (note !== null) notes.push({ text: note[1] ?? '', location: null })
  }
  const source = location === null ? undefined : readSource(location.file)
  return {
    text: [parts?.[1] ?? heading, ...lines.filter((line) => !line.startsWith(' '))].join('\n'),
    id: parts?.[3] ?? '',
    pluginName: parts?.[2] ?? '',
    location,
    frame: location === null || source === undefined ? null : codeFrame(source, location),
    notes,
  }
}

/** esbuild counts columns in UTF-8 bytes from 0, and cuts long lines in its excerpt. */
function readPlace(
  place: RegExpExecArray,
  below: readonly string[],
  readSource: (file: string) => string | undefined,
): SourceLocation {
  const file = place[1] ?? ''
  const line = Number(place[2])
  const text = readSource(file)?.split(/\r\n|[\n\r\u2028\u2029]/)[line - 1]
  const before = Number(place[3])
  const column =
    text === undefined ? before : Buffer.from(text).subarray(0, before).toString().length
  const length = /^ *[\u2502\u2575] *(~+)/.exec(below[1] ?? '')?.[1]?.length ?? 1
  return { file, line, column: column + 1, ...(length > 1 ? { length } : {}) }
}
