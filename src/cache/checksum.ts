/**
 * Sums up bytes in 64 bits, without node:crypto: to tell whether a file is whole, never who wrote
 * it.
 *
 * Each of two lanes takes in one 32-bit word after the other, and a step is a bijection of the
 * word for a given state and of the state for a given word: exclusive or, rotation, multiplication
 * by an odd number. So a change within one aligned word always changes both lanes, and any other
 * goes unseen once in 2^64. Zeros fill the last word: the length is checked by the caller.
 *
 * The order of bytes in a word is that of the processor: another kind of machine reads a miss.
 *
 * @param seed - what the sum is bound to beside the bytes
 */
export function checksum(bytes: Uint8Array, seed: string): Uint8Array {
  const lanes = new Int32Array(2)
  mix(lanes, wordsOf(Buffer.from(seed)))
  mix(lanes, Int32Array.of(seed.length, bytes.byteLength))
  mix(lanes, wordsOf(bytes))
  return new Uint8Array(lanes.buffer)
}

function mix(lanes: Int32Array, words: Int32Array): void {
  let [one = 0, two = 0] = lanes
  // A loop over the values would call an iterator for each until V8 has compiled it.
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? 0
    one ^= word
    one = Math.imul((one << 13) | (one >>> 19), 0x9e3779b1)
    two ^= word
    two = Math.imul((two << 17) | (two >>> 15), 0x85ebca77) ^ 0x5bd1e995
  }
  lanes[0] = one
  lanes[1] = two
}

/** A view on the bytes when they are aligned and fill their words, else a copy. */
function wordsOf(bytes: Uint8Array): Int32Array {
  const { buffer, byteOffset, byteLength } = bytes
  if (byteOffset % 4 === 0 && byteLength % 4 === 0) {
    return new Int32Array(buffer, byteOffset, byteLength / 4)
  }
  const words = new Int32Array(Math.ceil(byteLength / 4))
  new Uint8Array(words.buffer).set(bytes)
  return words
}
