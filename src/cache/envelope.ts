import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Secret } from '../base/secret.ts'

/** What an envelope is bound to beside its payload. */
export interface EnvelopeBinding {
  /** The key the payload is stored under: a file moved to another name does not open. */
  readonly key: string
  /** With a secret, only envelopes sealed with the same one open. */
  readonly secret: Secret | undefined
}

/**
 * Wraps a payload so that `open` can tell whether it came back whole.
 *
 * Layout: magic `SMNC`, format (1), flags (1), two zero bytes, payload length (8, little endian),
 * sha256 of key and payload (32), with a secret HMAC-SHA-256 of everything before it (32), payload.
 */
export function seal(payload: Uint8Array, binding: EnvelopeBinding): Buffer {
  const { secret } = binding
  const size = headerSize(secret)
  const sealed = Buffer.allocUnsafeSlow(size + payload.byteLength)
  writeHeader(sealed, payload.byteLength, secret !== undefined)
  checksum(payload, binding.key).copy(sealed, DIGEST_AT)
  if (secret !== undefined) signature(sealed, secret).copy(sealed, SIGNATURE_AT)
  sealed.set(payload, size)
  return sealed
}

/**
 * Returns the payload of an envelope, or undefined when anything about it is wrong: another
 * magic, format, length, key or secret, a changed byte, a missing end, a byte too many.
 *
 * The payload is a view on `sealed`, not a copy.
 */
export function open(sealed: Uint8Array, binding: EnvelopeBinding): Uint8Array | undefined {
  const { secret } = binding
  const size = headerSize(secret)
  if (sealed.byteLength < size) return undefined
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength)
  const expected = Buffer.allocUnsafe(DIGEST_AT)
  writeHeader(expected, sealed.byteLength - size, secret !== undefined)
  if (expected.compare(bytes, 0, DIGEST_AT) !== 0) return undefined
  if (secret !== undefined) {
    const stored = bytes.subarray(SIGNATURE_AT, size)
    if (!timingSafeEqual(stored, signature(bytes, secret))) return undefined
  }
  const payload = sealed.subarray(size)
  const stored = bytes.subarray(DIGEST_AT, SIGNATURE_AT)
  return checksum(payload, binding.key).equals(stored) ? payload : undefined
}

const MAGIC = 'SMNC'
const FORMAT = 1
const SIGNED = 1
const LENGTH_AT = 8
const DIGEST_AT = 16
const SIGNATURE_AT = DIGEST_AT + 32

function headerSize(secret: Secret | undefined): number {
  return secret === undefined ? SIGNATURE_AT : SIGNATURE_AT + 32
}

function writeHeader(target: Buffer, length: number, signed: boolean): void {
  target.write(MAGIC, 0, 'latin1')
  target.writeUInt32LE(FORMAT | ((signed ? SIGNED : 0) << 8), 4)
  target.writeBigUInt64LE(BigInt(length), LENGTH_AT)
}

/** The key's length comes first, so that no other key and payload give the same text. */
function checksum(payload: Uint8Array, key: string): Buffer {
  return createHash('sha256').update(`${key.length}:${key}`).update(payload).digest()
}

/** Signing the checksum signs the payload; the header is included. */
function signature(sealed: Buffer, secret: Secret): Buffer {
  return createHmac('sha256', secret.reveal()).update(sealed.subarray(0, SIGNATURE_AT)).digest()
}
