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
  const list = [...parts]
  if (list.every((part) => typeof part === 'string')) {
    // The same bytes at once: a hash that is fed piece by piece costs ten times as much.
    return digest(list.map((part) => `${Buffer.byteLength(part)}:${part}`).join(''))
  }
  const state = createHash('sha256')
  for (const part of list) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part
    state.update(`${bytes.byteLength}:`)
    state.update(bytes)
  }
  return state.digest('hex')
}
