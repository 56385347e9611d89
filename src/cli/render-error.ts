import { isSomonError, messageOf, type SomonError } from '../base/error.ts'
import { unexpected } from './errors.ts'

/** Colours a part of a text, or does not. */
export type Paint = (style: 'red' | 'bold' | 'dim' | 'cyan' | 'yellow', text: string) => string

/** Lays an error out for a person: message, frame, import chain, fix, parts, causes. */
export function renderError(error: SomonError, paint: Paint): string {
  const lines = [`${paint('red', error.code)}  ${paint('bold', error.message)}`]
  const parts = error.errors ?? []
  if (parts.length === 0) lines.push(...place(error, paint))
  for (const part of parts.slice(0, MAX_PARTS)) {
    lines.push('', `  ${part.message}`, ...place(part, paint))
  }
  if (parts.length > MAX_PARTS) {
    lines.push('', `  and ${parts.length - MAX_PARTS} more: --json lists them all`)
  }
  if (error.importChain !== undefined && error.importChain.length > 1) {
    lines.push(`  imported by: ${error.importChain.join(' → ')}`)
  }
  lines.push(`  ${paint('cyan', 'fix:')} ${error.fix}`)
  lines.push(...causes(error.cause, paint))
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

function place(error: SomonError, paint: Paint): string[] {
  const lines: string[] = []
  if (error.location !== undefined) {
    const { file, line, column } = error.location
    lines.push(paint('dim', `  at ${file}:${line}:${column}`))
  }
  if (error.frame !== undefined) lines.push(indent(error.frame))
  return lines
}

function causes(first: unknown, paint: Paint): string[] {
  const lines: string[] = []
  let cause = first
  for (let depth = 0; cause !== undefined && cause !== null && depth < MAX_CAUSES; depth += 1) {
    const code = isSomonError(cause) ? `${cause.code}  ` : ''
    const text = isSomonError(cause) ? messageOf(cause) : stackOf(cause)
    lines.push(paint('dim', indent(`caused by: ${code}${text}`)))
    cause = cause instanceof Error ? cause.cause : undefined
  }
  return lines
}

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
