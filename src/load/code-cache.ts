import type { Digest } from '../base/digest.ts'
import { digestParts } from '../base/digest.ts'

/** The V8 that made a code cache: its version, the flags it was started with, the architecture. */
export interface CodeCacheMaker {
  readonly v8Tag: string
  readonly arch: string
}

/**
 * The V8 of this process.
 *
 * `v8.cachedDataVersionTag()` would say it in one number, but loading node:v8 costs a start 1 to
 * 2 ms. What is not in this name, such as flags set at run time, V8 compares itself: it rejects
 * the bytes, and they are made anew.
 *
 * @param nodeOptions - the variable `NODE_OPTIONS`, which may hold flags of V8 too
 */
export function codeCacheMaker(
  nodeOptions: string | undefined,
  execArgv: readonly string[] = process.execArgv,
): CodeCacheMaker {
  const flags = execArgv.filter((arg) => arg.startsWith('--')).concat(nodeOptions ?? [])
  const name = flags.length === 0 ? 'plain' : digestParts(flags).slice(0, 12)
  return { v8Tag: `${process.versions.v8}-${name}`.toLowerCase(), arch: process.arch }
}

/** Where the code cache of a code lies; another V8 looks elsewhere. */
export function codeCacheKey(codeId: Digest, maker: CodeCacheMaker): string {
  return `code/${codeId}-${maker.v8Tag}-${maker.arch}`
}

/**
 * Puts before V8's bytes for which code and by which V8 they were made.
 *
 * V8 compares no more than the length of the source: it ran OLD code for a new source of equal
 * length, and accepted a flipped byte. So nothing reaches V8 that is not proven to belong.
 */
export function wrapCodeCache(codeId: Digest, maker: CodeCacheMaker, bytes: Uint8Array): Buffer {
  return Buffer.concat([headerOf(codeId, maker), bytes])
}

/** Takes V8's bytes out again; undefined unless they were made for this code by this V8. */
export function unwrapCodeCache(
  wrapped: Uint8Array,
  codeId: Digest,
  maker: CodeCacheMaker,
): Uint8Array | undefined {
  const header = headerOf(codeId, maker)
  const found = wrapped.subarray(0, header.byteLength)
  return header.equals(found) ? wrapped.subarray(header.byteLength) : undefined
}

/** Padded to 8 bytes, so that V8 need not copy what follows to align it. */
function headerOf(codeId: Digest, maker: CodeCacheMaker): Buffer {
  const text = `somon-code 1 ${codeId} ${maker.v8Tag} ${maker.arch}\n`
  return Buffer.from(text.padStart(Math.ceil(text.length / 8) * 8))
}
