import { crypto } from '../base/crypto.ts'
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
 * proof of key and payload, payload. The proof is a sha256 (32), with a secret followed by
 * HMAC-SHA-256 of everything before it (32).
 *
 * What lies under `keys/` is read by every start. Unless its name ends with `HASHED` or there is a
 * secret, its proof is the key and the payload once more: comparing is native, where a sum in
 * JavaScript takes 2 ms for 50 KB and node:crypto 5 ms to load. Damage goes unseen only when it
 * is the same in both.
 */
export function seal(payload: Uint8Array, binding: EnvelopeBinding): Buffer {
  const { secret } = binding
  const proof = proofOf(payload, binding)
  const size = PROOF_AT + proof.byteLength + (secret === undefined ? 0 : SIGNATURE_BYTES)
  const sealed = Buffer.allocUnsafeSlow(size + payload.byteLength)
  writeHeader(sealed, payload.byteLength, binding)
  sealed.set(proof, PROOF_AT)
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
  const payload = openUnproven(sealed, binding)
  if (payload === undefined) return undefined
  const bytes = asBuffer(sealed)
  if (secret !== undefined) {
    const stored = bytes.subarray(SIGNATURE_AT, SIGNATURE_AT + SIGNATURE_BYTES)
    if (!crypto().timingSafeEqual(stored, signature(bytes, secret))) return undefined
  }
  if (isTwice(binding)) return isCopy(bytes, payload, binding) ? payload : undefined
  const proof = proofOf(payload, binding)
  return bytes.compare(proof, 0, proof.byteLength, PROOF_AT, PROOF_AT + proof.byteLength) === 0
    ? payload
    : undefined
}

/**
 * As `open`, for a file that is known to be whole since it was last opened: of what is in it only
 * magic, format, flags and length are compared.
 */
export function openUnproven(sealed: Uint8Array, binding: EnvelopeBinding): Uint8Array | undefined {
  if (sealed.byteLength < PROOF_AT) return undefined
  const length = payloadBytes(sealed.byteLength, binding)
  // Also the half of a file with an odd byte is refused here: no length is written so.
  if (!Number.isSafeInteger(length) || length < 0) return undefined
  const expected = Buffer.allocUnsafe(PROOF_AT)
  writeHeader(expected, length, binding)
  if (expected.compare(sealed, 0, PROOF_AT) !== 0) return undefined
  return sealed.subarray(sealed.byteLength - length)
}

const MAGIC = 'SMNC'
const FORMAT = 2
const SIGNED = 1
const TWICE = 4
const LENGTH_AT = 8
const PROOF_AT = 16
const SIGNATURE_AT = PROOF_AT + 32
const SIGNATURE_BYTES = 32

/**
 * Ends the name of a key whose reader has loaded node:crypto anyway, and whose file need not be
 * twice as large therefore.
 */
export const HASHED = '.h'

/** A copy proves nothing against people, so what is signed has a sha256. */
function isTwice({ key, secret }: EnvelopeBinding): boolean {
  return secret === undefined && key.startsWith('keys/') && !key.endsWith(HASHED)
}

/** What is left for the payload; a fraction or less than nothing when the file cannot be one. */
function payloadBytes(sealedBytes: number, binding: EnvelopeBinding): number {
  if (isTwice(binding)) return (sealedBytes - PROOF_AT - Buffer.byteLength(binding.key)) / 2
  return sealedBytes - SIGNATURE_AT - (binding.secret === undefined ? 0 : SIGNATURE_BYTES)
}

/** Whether key and payload stand before the payload once more. */
function isCopy(bytes: Buffer, payload: Uint8Array, { key }: EnvelopeBinding): boolean {
  const payloadAt = PROOF_AT + Buffer.byteLength(key)
  return (
    bytes.toString('utf8', PROOF_AT, payloadAt) === key &&
    bytes.compare(payload, 0, payload.byteLength, payloadAt, payloadAt + payload.byteLength) === 0
  )
}

function writeHeader(target: Buffer, length: number, binding: EnvelopeBinding): void {
  const flags = (binding.secret === undefined ? 0 : SIGNED) | (isTwice(binding) ? TWICE : 0)
  target.write(MAGIC, 0, 'latin1')
  target.writeUInt32LE(FORMAT | (flags << 8), 4)
  target.writeBigUInt64LE(BigInt(length), LENGTH_AT)
}

/** The key's length comes first, so that no other key and payload give the same text. */
function proofOf(payload: Uint8Array, binding: EnvelopeBinding): Uint8Array {
  const { key } = binding
  if (isTwice(binding)) return Buffer.concat([Buffer.from(key), payload])
  return crypto().createHash('sha256').update(`${key.length}:${key}`).update(payload).digest()
}

/** Signing the checksum signs the payload; the header is included. */
function signature(sealed: Buffer, secret: Secret): Buffer {
  const signed = sealed.subarray(0, SIGNATURE_AT)
  return crypto().createHmac('sha256', secret.reveal()).update(signed).digest()
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}
