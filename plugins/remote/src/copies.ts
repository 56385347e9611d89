import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceFile } from './lock-file.ts'

/** Returns the integrity of bytes in the form of Subresource Integrity. */
export function integrityOf(bytes: Uint8Array): string {
  return `sha384-${createHash('sha384').update(bytes).digest('base64')}`
}

/** Keeps the bytes of every module on disk, named by their integrity. */
export class Copies {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Undefined when there is no copy, or one that is not what the integrity says. */
  async get(integrity: string): Promise<Buffer | undefined> {
    try {
      const bytes = await readFile(this.#path(integrity))
      return integrityOf(bytes) === integrity ? bytes : undefined
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }

  async set(integrity: string, bytes: Uint8Array): Promise<void> {
    await replaceFile(this.#path(integrity), bytes)
  }

  #path(integrity: string): string {
    return join(this.#folder, Buffer.from(integrity.slice(7), 'base64').toString('hex'))
  }
}
