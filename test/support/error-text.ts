import type { SomonError } from '../../src/base/error.ts'

/**
 * Prints an error the way `fixtures/errors/<CODE>/expected.txt` holds it: message, fix, frame,
 * then every single fault the same way, with the folder of the case written as `<root>`.
 */
export function errorText(error: SomonError, root: string): string {
  const rows = [error.message, `  fix: ${error.fix}`]
  if (error.frame !== undefined) rows.push(error.frame)
  return `${rows.join('\n').replaceAll(root, '<root>')}\n`
}

const CONTRACTION =
  /\b(?:\w+n't|(?:it|that|there|what|here|who)'s|(?:i|you|we|they)'(?:re|ve|ll|d|m))\b/i
const NOT_IMPERATIVE = /^(?:a|an|it|please|that|the|there|this|to|you|your)\b/i

/** Returns what breaks the grammar of messages and fixes; empty when nothing does. */
export function grammarFaults(error: SomonError): string[] {
  const { message, fix } = error
  const faults: string[] = []
  if (!/^Cannot \S/.test(message)) faults.push('the message starts with "Cannot"')
  if (/[.!]\s*$/.test(message)) faults.push('the message has no final period')
  if (/\bundefined\b|\[object \w+\]|\bNaN\b/.test(message + fix)) {
    faults.push('a value of the message or the fix is missing')
  }
  if (CONTRACTION.test(message) || CONTRACTION.test(fix)) faults.push('there are no contractions')
  if (fix.trim() === '') faults.push('the fix says what to do')
  if (NOT_IMPERATIVE.test(fix)) faults.push('the fix is an imperative sentence')
  return faults
}
