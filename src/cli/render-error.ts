import { dirname, join, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isSomonError, messageOf, type SomonError } from '../base/error.ts'
import { unexpected } from './errors.ts'

/** Colours a part of a text, or does not. */
export type Paint = (style: 'red' | 'bold' | 'dim' | 'cyan' | 'yellow', text: string) => string

/**
 * Lays an error out for a person: message, frame, import chain, fix, parts, causes. Nothing is
 * said twice, and of stacks the frames of the program are shown.
 *
 * @param everything - also shows the frames inside somon and Node, and repeated messages
 */
export function renderError(error: SomonError, paint: Paint, everything = false): string {
  const lines = [`${paint('red', error.code)}  ${paint('bold', error.message)}`]
  const parts = error.errors ?? []
  if (parts.length === 0) lines.push(...place(error, paint))
  for (const part of parts.slice(0, MAX_PARTS)) {
    if (!error.message.includes(part.message)) lines.push('', `  ${part.message}`)
    lines.push(...place(part, paint))
    if (part.fix !== error.fix) lines.push(`  ${paint('cyan', 'fix:')} ${part.fix}`)
  }
  if (parts.length > MAX_PARTS) {
    lines.push('', `  and ${parts.length - MAX_PARTS} more: --json lists them all`)
  }
  if (error.importChain !== undefined && error.importChain.length > 1) {
    lines.push(`  imported by: ${error.importChain.join(' → ')}`)
  }
  lines.push(`  ${paint('cyan', 'fix:')} ${error.fix}`)
  for (const text of causes(error, everything)) lines.push(paint('dim', indent(text)))
  return lines.join('\n')
}

/**
 * Makes a coded error of anything that was thrown. What is not ours is a defect of somon or of
 * a program it runs; the stack stays with it as cause.
 */
export function toSomonError(thrown: unknown): SomonError {
  if (isSomonError(thrown)) return thrown
  return unexpected({ reason: messageOf(thrown) }, { cause: thrown })
}

const MAX_PARTS = 10
const MAX_CAUSES = 5

function place({ location, frame, message }: SomonError, paint: Paint): string[] {
  const lines: string[] = []
  if (location !== undefined) {
    const at = `${location.file}:${location.line}:${location.column}`
    if (!message.includes(`(${at})`) && frame?.startsWith(at) !== true) {
      lines.push(paint('dim', `  at ${at}`))
    }
  }
  if (frame !== undefined) lines.push(indent(frame))
  return lines
}

function causes(error: SomonError, everything: boolean): string[] {
  const texts: string[] = []
  let said = error.message
  let cause = error.cause
  for (let depth = 0; cause !== undefined && cause !== null && depth < MAX_CAUSES; depth += 1) {
    const text = everything ? completely(cause) : briefly(cause, said)
    if (text !== undefined) texts.push(`caused by: ${text}`)
    said += `\n${messageOf(cause)}`
    cause = cause instanceof Error ? cause.cause : undefined
  }
  return texts
}

function completely(cause: unknown): string {
  return isSomonError(cause) ? `${cause.code}  ${messageOf(cause)}` : stackOf(cause)
}

/** Undefined when there is nothing in it that was not said before. */
function briefly(cause: unknown, said: string): string | undefined {
  const known = said.includes(messageOf(cause))
  if (isSomonError(cause)) return known ? undefined : completely(cause)
  const lines = stackOf(cause).split('\n')
  const start = lines.findIndex(isFrame)
  const head = start < 0 ? lines : lines.slice(0, start)
  const frames = start < 0 ? [] : lines.slice(start).filter((line) => !isInternal(line))
  if (known && !frames.some(isFrame)) return undefined
  return [...head, ...frames].join('\n')
}

function isFrame(line: string): boolean {
  return /^\s+at /.test(line)
}

/** A frame inside somon, in what it is built on, or in Node. */
function isInternal(frame: string): boolean {
  if (/\(<anonymous>\)$|[ (]node:/.test(frame)) return true
  return OWN_FOLDERS.some((folder) => frame.includes(folder))
}

/** Where this file lies: an URL, and a path in the one file for plain bundles (CommonJS). */
const SELF = import.meta.url.startsWith('file:') ? fileURLToPath(import.meta.url) : import.meta.url
const PACKAGE = dirname(dirname(dirname(SELF)))
const OWN_FOLDERS = ['dist', 'src', 'bin', 'node_modules'].flatMap((name) => {
  const folder = join(PACKAGE, name)
  return [folder + sep, `${pathToFileURL(folder).href}/`]
})

function stackOf(cause: unknown): string {
  if (!(cause instanceof Error)) return messageOf(cause)
  try {
    return cause.stack ?? cause.message
  } catch {
    // A program's own Error.prepareStackTrace may throw.
    return `${cause.name}: ${cause.message}`
  }
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ')
}
