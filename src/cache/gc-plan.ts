import type { EvictionCause } from './events.ts'
import type { CacheFile } from './scan.ts'

/** What a plan is made from. */
export interface GcPlanInput {
  readonly files: readonly CacheFile[]
  /** Which keys each file of the space `keys` names. */
  readonly references: ReadonlyMap<string, readonly string[]>
  readonly now: number
  readonly maxBytes: number
  readonly maxAgeMs: number
}

/** A file that goes, and why. */
export interface Removal {
  readonly file: CacheFile
  readonly because: EvictionCause
}

/**
 * Decides what a garbage collection removes.
 *
 * Keys and code caches go by age, oldest first; blobs and maps go with the last key that names
 * them. An unnamed blob stays for an hour, because its writer puts the key last, unless nothing
 * else is left to remove. Over the bound, a tenth of it is freed, so that not every write collects.
 */
export function planGc(input: GcPlanInput): readonly Removal[] {
  const plan = new Plan(input)
  plan.removeExpired()
  plan.removeOrphans()
  if (plan.total > input.maxBytes) plan.removeOldest()
  return plan.removals
}

const HOUR_MS = 3_600e3
const DAY_MS = 24 * HOUR_MS
const FREE_SHARE = 0.1

class Plan {
  readonly removals: Removal[] = []
  total = 0
  readonly #input: GcPlanInput
  readonly #byKey = new Map<string, CacheFile>()
  readonly #named = new Map<string, number>()
  readonly #gone = new Set<CacheFile>()

  constructor(input: GcPlanInput) {
    this.#input = input
    for (const file of input.files) {
      this.#byKey.set(file.key, file)
      this.total += file.bytes
    }
    for (const [key, names] of input.references) {
      if (!this.#byKey.has(key)) continue
      for (const name of new Set(names)) this.#named.set(name, this.#count(name) + 1)
    }
  }

  removeExpired(): void {
    for (const file of this.#roots()) {
      if (this.#age(file) > this.#input.maxAgeMs) this.#remove(file, 'age')
    }
  }

  removeOrphans(): void {
    for (const file of this.#input.files) {
      if (this.#age(file) <= HOUR_MS) continue
      if (file.space === 'tmp') this.#remove(file, 'stray')
      else if (isShared(file) && this.#count(file.key) === 0) this.#remove(file, 'orphan')
    }
  }

  removeOldest(): void {
    const { maxBytes } = this.#input
    const goal = maxBytes * (1 - FREE_SHARE)
    const roots = this.#roots()
    for (const [index, file] of roots.entries()) {
      if (this.total <= goal) return
      if (index === roots.length - 1 && this.total <= maxBytes) return
      this.#remove(file, 'bytes')
    }
    for (const file of this.#input.files.toSorted((a, b) => this.#order(a) - this.#order(b))) {
      if (this.total <= maxBytes) return
      if (isShared(file) && this.#count(file.key) === 0) this.#remove(file, 'bytes')
    }
  }

  #roots(): CacheFile[] {
    return this.#input.files
      .filter((file) => isRoot(file) && !this.#gone.has(file))
      .toSorted((a, b) => this.#order(a) - this.#order(b))
  }

  #remove(file: CacheFile, because: EvictionCause): void {
    if (this.#gone.has(file)) return
    this.#gone.add(file)
    this.removals.push({ file, because })
    this.total -= file.bytes
    for (const name of new Set(this.#input.references.get(file.key))) {
      const left = this.#count(name) - 1
      this.#named.set(name, left)
      const named = this.#byKey.get(name)
      if (left === 0 && named !== undefined && isShared(named)) this.#remove(named, because)
    }
  }

  #count(name: string): number {
    return this.#named.get(name) ?? 0
  }

  /** A file from the future (the clock was set back) is not old, only first in line. */
  #age(file: CacheFile): number {
    return this.#input.now - file.mtimeMs
  }

  #order(file: CacheFile): number {
    return file.mtimeMs > this.#input.now + DAY_MS ? 0 : file.mtimeMs
  }
}

function isRoot(file: CacheFile): boolean {
  return file.space === 'keys' || file.space === 'code'
}

function isShared(file: CacheFile): boolean {
  return file.space === 'blobs' || file.space === 'maps'
}
