import type { hash } from 'node:crypto'
import { crypto } from './crypto.ts'
import { sha256 } from './sha256.ts'

/** A sha256 as 64 lower-case hexadecimal digits. */
export type Digest = string

/**
 * Hashes a text or bytes.
 *
 * The first few kilobytes of a process are hashed in JavaScript: a start that needs no more is
 * spared node:crypto, whose loading takes as long as 10 KB of them.
 */
export function digest(input: string | Uint8Array): Digest {
  if (own.left >= input.length) {
    own.left -= input.length
    return sha256(typeof input === 'string' ? Buffer.from(input) : input)
  }
  own.left = 0
  own.hash ??= crypto().hash
  return own.hash('sha256', input, 'hex')
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
  const state = crypto().createHash('sha256')
  for (const part of list) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part
    state.update(`${bytes.byteLength}:`)
    state.update(bytes)
  }
  return state.digest('hex')
}

/** Hashes pieces as the one input they make up. */
export function digestPieces(pieces: Iterable<Uint8Array>): Digest {
  const state = crypto().createHash('sha256')
  for (const piece of pieces) state.update(piece)
  return state.digest('hex')
}

/**
 * Takes node:crypto from the start: for who knows that more than a few kilobytes follow, because
 * what is hashed in JavaScript until then is time lost.
 */
export function expectMuchToHash(): void {
  own.left = 0
}

/**
 * What the process may still hash in JavaScript, in UTF-16 units or bytes, and what it hashes with
 * afterwards. Both ways give the same digests, so it is no state that anybody could see.
 */
const own: { left: number; hash?: typeof hash } = { left: 12 * 1024 }
