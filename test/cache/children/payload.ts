/** A payload that tells its key, so that a reader can judge it. */
export function payloadOf(key: string, size: number): Uint8Array {
  return Buffer.alloc(size, `${key}\n`)
}

/** Whether a payload is one that was written under the key, whole. */
export function isPayloadOf(key: string, payload: Uint8Array): boolean {
  return Buffer.from(payload).equals(payloadOf(key, payload.byteLength))
}
