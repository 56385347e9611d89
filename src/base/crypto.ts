import type * as Crypto from 'node:crypto'

/**
 * Gives node:crypto, which is loaded by the first call: it costs a start 4 to 5 ms of CPU, and a
 * load from a trusted cache never needs it. The only way to it, so that no import brings it back.
 */
export function crypto(): typeof Crypto {
  return process.getBuiltinModule('node:crypto')
}
