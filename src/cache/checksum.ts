/**
 * Sums up bytes in 64 bits, without node:crypto: to tell whether a file is whole, never who wrote
 * it.
 *
 * The state is two words, and a step takes in two. It is a bijection of the state for given input
 * and of the input for a given state, because it is made of nothing but exclusive or with what
 * can be known again, rotation, and multiplication by an odd number. So a change within eight
 * aligned bytes always changes the sum, and any other goes unseen once in 2^64. Zeros fill the
 * last step: the length is compared by the caller.
 *
 * The order of bytes in a word is that of the processor: another kind of machine reads a miss.
 *
 * @param seed - what the sum is bound to beside the bytes
 */
export function checksum(bytes: Uint8Array, seed: string): Uint8Array {
  const state = new Int32Array(2)
  mix(state, wordsOf(Buffer.from(seed)))
  mix(state, Int32Array.of(seed.length, bytes.byteLength))
  mix(state, wordsOf(bytes))
  return new Uint8Array(state.buffer)
}

function mix(state: Int32Array, words: Int32Array): void {
  let [one = 0, two = 0] = state
  // Two words a turn: most of a sum is made before V8 has compiled the loop.
  for (let at = 0; at < words.length; at += 2) {
    one ^= (words[at] ?? 0) ^ two
    one = Math.imul((one << 13) | (one >>> 19), 0x9e3779b1)
    two ^= (words[at + 1] ?? 0) ^ one
    two = Math.imul((two << 17) | (two >>> 15), 0x85ebca77) ^ 0x5bd1e995
  }
  state[0] = one
  state[1] = two
}

/** A view on the bytes when they are aligned and fill their steps, else a copy. */
function wordsOf(bytes: Uint8Array): Int32Array {
  const { buffer, byteOffset, byteLength } = bytes
  if (byteOffset % 4 === 0 && byteLength % 8 === 0) {
    return new Int32Array(buffer, byteOffset, byteLength / 4)
  }
  const words = new Int32Array(Math.ceil(byteLength / 8) * 2)
  new Uint8Array(words.buffer).set(bytes)
  return words
}
