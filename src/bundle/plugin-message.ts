import { readFileSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { codeFrame } from '../base/code-frame.ts'
import { messageOf, SomonError, type SourceLocation } from '../base/error.ts'
import { isInside, toRelPath } from '../base/project-path.ts'
import type { EsbuildBuild } from './esbuild-build.ts'
import { pluginFailed } from './errors.ts'
import type { PluginMessage } from './plugin.ts'

/** A message as esbuild takes it from plugins; `detail` carries the coded error through. */
export type EsbuildMessage = NonNullable<
  NonNullable<Awaited<ReturnType<Parameters<EsbuildBuild['onLoad']>[1]>>>['errors']
>[number]

type EsbuildLocation = NonNullable<EsbuildMessage['location']>

/** Where a hook runs, for the messages that come out of it. */
export interface HookPlace {
  readonly root: string
  readonly plugin: string
  readonly hook: string
  /** The module, specifier or entry the hook runs for. */
  readonly subject?: string | undefined
  /** The text that the hook was given, which positions refer to. */
  readonly text?: string | undefined
}

/** Makes the coded error of `this.error(message)`. */
export function errorOfMessage(message: string | PluginMessage, place: HookPlace): SomonError {
  const given = typeof message === 'string' ? { message } : message
  const subject = subjectName(place)
  const data = { plugin: place.plugin, hook: place.hook, ...(subject !== undefined && { subject }) }
  const at = locate(given, place)
  const details = {
    ...(at !== undefined && { location: at.location, frame: at.frame }),
    ...(given.fix !== undefined && { fix: given.fix }),
    ...(given.retryable !== undefined && { retryable: given.retryable }),
    ...(given.cause !== undefined && { cause: given.cause }),
  }
  if (given.code === undefined) return pluginFailed({ ...data, reason: given.message }, details)
  return new SomonError(given.code, given.message, given.fix ?? pluginFailed.remedy, data, details)
}

/** Makes a coded error of whatever a hook threw; one that is coded stays as it is. */
export function errorOfThrown(thrown: unknown, place: HookPlace): SomonError {
  if (thrown instanceof SomonError) return thrown
  const subject = subjectName(place)
  const { plugin, hook } = place
  return pluginFailed(
    { plugin, hook, ...(subject !== undefined && { subject }), reason: messageOf(thrown) },
    { cause: thrown },
  )
}

/** Turns a coded error into esbuild's message; `detail` is the error itself. */
export function messageOfError(error: SomonError, pluginName: string): EsbuildMessage {
  return { text: error.message, pluginName, detail: error, location: esbuildLocation(error) }
}

/** Turns the argument of `this.warn(…)` into esbuild's message. */
export function messageOfWarning(
  message: string | PluginMessage,
  place: HookPlace,
): EsbuildMessage {
  const given = typeof message === 'string' ? { message } : message
  const at = locate(given, place)
  return {
    text: given.message,
    pluginName: place.plugin,
    ...(at !== undefined && { location: toEsbuild(at.location, at.line) }),
  }
}

interface Place {
  readonly location: SourceLocation
  readonly line: string
  readonly frame: string
}

function locate(message: PluginMessage, place: HookPlace): Place | undefined {
  if (message.loc === undefined) return undefined
  const file = message.loc.file ?? message.id ?? place.subject
  if (file === undefined) return undefined
  const isSubject = file === place.subject
  const text = (isSubject ? place.text : undefined) ?? readText(file) ?? ''
  const location = {
    file: displayPath(file, place.root),
    line: Math.max(1, message.loc.line),
    column: Math.max(0, message.loc.column) + 1,
  }
  const line = text.split(/\r\n|[\n\r\u2028\u2029]/)[location.line - 1] ?? ''
  return { location, line, frame: text === '' ? '' : codeFrame(text, location) }
}

/** The column of esbuild counts bytes from 0, ours UTF-16 units from 1. */
function toEsbuild(location: SourceLocation, line: string): EsbuildLocation {
  const column = Buffer.byteLength(line.slice(0, location.column - 1))
  return { file: location.file, line: location.line, column, length: 0, lineText: line }
}

function esbuildLocation(error: SomonError): EsbuildLocation | null {
  const { location, frame } = error
  if (location === undefined) return null
  const line = /^> *\d+ \| (?<line>.*)$/m.exec(frame ?? '')?.groups?.['line'] ?? ''
  return toEsbuild(location, line)
}

function subjectName(place: HookPlace): string | undefined {
  return place.subject === undefined ? undefined : displayPath(place.subject, place.root)
}

/** A file below the root relative to it; anything else as it stands, but for zeros and passwords. */
export function displayPath(id: string, root: string): string {
  if (isAbsolute(id) && isInside(root, id)) return toRelPath(root, id)
  return id.replaceAll('\0', '').replace(/\/\/[^/@\s]+@/, '//***@')
}

function readText(file: string): string | undefined {
  try {
    return isAbsolute(file) ? readFileSync(file, 'utf8') : undefined
  } catch {
    // The frame is a courtesy: a position in a file that cannot be read is told without it.
    return undefined
  }
}
