import { readFileSync } from 'node:fs'
import { codeFrame } from '../base/code-frame.ts'
import { codeOf, messageOf, type SomonError } from '../base/error.ts'
import { isInside, toRelPath } from '../base/project-path.ts'
import { resolveUnreadableConfig } from './errors.ts'

/** What of a package.json decides a resolution. */
export interface PackageJson {
  readonly name: string | undefined
  readonly version: string | undefined
  /** Names a package may import without being told: dependencies, optional and peer ones. */
  readonly declared: ReadonlySet<string>
}

/**
 * Reads a package.json.
 *
 * @returns undefined when there is none
 * @throws SomonError SOMON_RESOLVE_UNREADABLE_CONFIG when it is not a JSON object
 */
export function readPackageJson(file: string, root: string): PackageJson | undefined {
  const text = readIfThere(file, root)
  if (text === undefined) return undefined
  const json = parseObject(text, file, root)
  const declared = DEPENDENCY_FIELDS.flatMap((field) => Object.keys(objectOf(json[field]) ?? {}))
  return { name: textOf(json.name), version: textOf(json.version), declared: new Set(declared) }
}

/**
 * Makes the error for a configuration file, with a code frame where the place is known.
 *
 * @param at - 1-based
 */
export function unreadableConfig(
  file: string,
  root: string,
  reason: string,
  at?: { readonly line: number; readonly column: number },
): SomonError {
  const shown = isInside(root, file) ? toRelPath(root, file) : file
  const data = { file: shown, line: at?.line, column: at?.column, reason }
  if (at === undefined) return resolveUnreadableConfig(data)
  const location = { file: shown, line: at.line, column: at.column }
  return resolveUnreadableConfig(data, { location, frame: frameOf(file, location) })
}

const DEPENDENCY_FIELDS = ['dependencies', 'optionalDependencies', 'peerDependencies']

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function readIfThere(file: string, root: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined
    throw unreadableConfig(file, root, messageOf(error))
  }
}

function parseObject(text: string, file: string, root: string): Record<string, unknown> {
  const content = text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text
  let json: unknown
  try {
    json = JSON.parse(content)
  } catch (error) {
    throw unreadableConfig(file, root, reasonOf(error), placeOf(error, content))
  }
  const object = objectOf(json)
  if (object === undefined) {
    throw unreadableConfig(file, root, 'it holds no JSON object', { line: 1, column: 1 })
  }
  return object
}

const BYTE_ORDER_MARK = 0xfeff

function objectOf(value: unknown): Record<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return Object.fromEntries(Object.entries(value))
}

/** V8 appends the place, and quotes the text around it: neither belongs into our message. */
function reasonOf(error: unknown): string {
  const text = messageOf(error).replace(/ in JSON at position \d+.*$/s, '')
  const reason = text.replace(/, (?:\.\.\.)?".*is not valid JSON$/s, '')
  return `it is not valid JSON (${reason.charAt(0).toLowerCase()}${reason.slice(1)})`
}

/** Finds the place of a fault; a message without a position names the token or the text's end. */
function placeOf(error: unknown, text: string): { line: number; column: number } {
  const message = messageOf(error)
  const position = /at position (\d+)/.exec(message)?.[1]
  const token = /^Unexpected token '(.+?)', /su.exec(message)?.[1]
  let offset = position === undefined ? text.length : Number(position)
  if (token !== undefined) offset = firstUnexpected(token, text)
  const before = text.slice(0, offset).split('\n')
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 }
}

/** The fault is at the first of these tokens up to which the text does not parse because of it. */
function firstUnexpected(token: string, text: string): number {
  let offset = text.indexOf(token)
  while (offset >= 0 && !isUnexpectedAt(text.slice(0, offset + token.length))) {
    offset = text.indexOf(token, offset + 1)
  }
  return Math.max(0, offset)
}

function isUnexpectedAt(text: string): boolean {
  try {
    JSON.parse(text)
    return false
  } catch (error) {
    return messageOf(error).startsWith('Unexpected token')
  }
}

function frameOf(file: string, location: { file: string; line: number; column: number }): string {
  try {
    return codeFrame(readFileSync(file, 'utf8'), location)
  } catch (error) {
    return `(${messageOf(error)})`
  }
}
