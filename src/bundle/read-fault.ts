import { basename } from 'node:path'
import { codeOf, messageOf } from '../base/error.ts'

/** What the system says when a file that was found cannot be read, and what helps. */
const FAULTS: Readonly<Record<string, readonly [what: string, fix: string]>> = {
  ENOENT: ['is gone since it was found', 'Create the file, or correct the specifier'],
  EACCES: ['cannot be read by this user', 'Let this user read the file'],
  EPERM: ['cannot be read by this user', 'Let this user read the file'],
  EISDIR: ['is a folder', 'Name a file in the folder'],
}

/** Says in a message of the build why a source could not be read. */
export function readFault(thrown: unknown): string {
  const fault = FAULTS[codeOf(thrown) ?? '']
  return fault === undefined ? messageOf(thrown) : `${fileOf(thrown)} ${fault[0]}`
}

/** Returns what helps against such a message; undefined for others. */
export function fixForReadFault(thrown: unknown): string | undefined {
  return FAULTS[codeOf(thrown) ?? '']?.[1]
}

function fileOf(thrown: unknown): string {
  const path: unknown = thrown instanceof Error && 'path' in thrown ? thrown.path : undefined
  return typeof path === 'string' ? `"${basename(path)}"` : 'the file'
}
