import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** Writes an output as esbuild does: one that starts with `#!` can be executed. */
export function writeOutput(file: string, bytes: Uint8Array): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, bytes)
  if (bytes[0] === 0x23 && bytes[1] === 0x21) chmodSync(file, 0o755)
}
