import { isSameSighting } from '../cache/sighting.ts'
import type { LocalTier, Reading } from '../cache/tier.ts'
import type { SeenFile } from './manifest.ts'

/**
 * The files of one state as they are read: those that were seen whole before need no hashing, and
 * what is seen now is noted for the next time.
 */
export class SeenFiles {
  readonly #disk: LocalTier
  readonly #before: readonly SeenFile[]
  readonly #hashes: boolean
  readonly #read = new Set<string>()
  readonly #rows: SeenFile[] = []

  /** @param options - `hash`: everything is hashed, whatever was seen */
  constructor(disk: LocalTier, before: readonly SeenFile[], { hash }: { readonly hash: boolean }) {
    this.#disk = disk
    this.#before = before
    this.#hashes = hash
  }

  /** @param isRight - asked of bytes that were hashed by the tier, and of no others */
  read(key: string, isRight: (bytes: Uint8Array) => boolean): Uint8Array | undefined {
    const row = this.#before.find(([name]) => name === key)
    const reading = this.#disk.readSync(key, this.#hashes ? undefined : row?.[1])
    this.#read.add(key)
    if (reading === undefined) return undefined
    if (!reading.isTrusted && !isRight(reading.bytes)) return undefined
    this.#note(key, row, reading)
    return reading.bytes
  }

  /** What to record: the very list of before when it says the same. */
  get rows(): readonly SeenFile[] {
    const others = this.#before.filter(([key]) => !this.#read.has(key)).slice(0, MAX_OTHERS)
    const rows = [...this.#rows, ...others]
    const isSame = rows.length === this.#before.length && rows.every((row) => this.#had(row))
    return isSame ? this.#before : rows
  }

  #note(key: string, row: SeenFile | undefined, { seen }: Reading): void {
    if (seen === undefined) return
    // A record from the future is replaced: the clock was set back, and it would never be trusted.
    const isKnown =
      row !== undefined && row[1].seenAt <= seen.seenAt && isSameSighting(row[1], seen)
    this.#rows.push(isKnown ? row : [key, seen])
  }

  #had(row: SeenFile): boolean {
    return this.#before.includes(row)
  }
}

/** Code caches of V8s with other flags: so many are remembered beside what is read now. */
const MAX_OTHERS = 4
