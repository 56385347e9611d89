import { createHash, hash } from 'node:crypto'

/** A sha256 as 64 lower-case hexadecimal digits. */
export type Digest = string

/** Hashes a text or bytes; `hash()` of node:crypto is the fast path for short inputs. */
export function digest(input: string | Uint8Array): Digest {
  return hash('sha256', input, 'hex')
}

/**
 * Hashes a list of parts so that no two lists share a digest by concatenation: every part is
 * preceded by its length.
 */
export function digestParts(parts: Iterable<string | Uint8Array>): Digest {
  const state = createHash('sha256')
  for (const part of parts) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part
    state.update(`${bytes.byteLength}:`)
    state.update(bytes)
  }
  return state.digest('hex')
}
