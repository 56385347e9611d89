import type { SourceLocation } from '../base/error.ts'
import type { BuildMessage } from '../bundle/build-message.ts'

/** Lays a warning of a build out for a person: where, what, the code, and esbuild's notes. */
export function renderWarning({ text, location, frame, notes }: BuildMessage): string {
  const lines = [location === null ? text : `${placeOf(location)}: ${text}`]
  if (frame !== null) lines.push(frame)
  for (const note of notes) {
    const at = note.location === null ? '' : ` (${placeOf(note.location)})`
    lines.push(`  note: ${note.text}${at}`)
  }
  return lines.join('\n')
}

function placeOf({ file, line, column }: SourceLocation): string {
  return `${file}:${line}:${column}`
}
