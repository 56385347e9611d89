import type { ByteTier, TierStats } from './tier.ts'

/** One tier of a chain, nearest first. */
export interface ChainedTier {
  readonly tier: ByteTier
  /** Which keys it takes part in; V8's code caches, say, stay local. */
  readonly holds: (key: string) => boolean
}

/** Bytes and the name of the tier that had them. */
export interface Found {
  readonly bytes: Uint8Array
  readonly tier: string
}

/** Several tiers as one: the nearest answer wins and is copied to the tiers before it. */
export interface ReadThrough {
  get(key: string, signal?: AbortSignal): Promise<Found | undefined>
  /** Asks only tiers that answer without waiting. */
  getSync(key: string): Found | undefined
  /** Writes to every tier that holds the key; resolves when all have taken it. */
  set(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void>
  delete(key: string): Promise<void>
  stats(): Readonly<Record<string, TierStats>>
  /** Waits for copies under way, then closes the tiers. */
  close(): Promise<void>
}

/** Chains tiers; an answer does not wait until it is copied. */
export function createReadThrough(tiers: readonly ChainedTier[]): ReadThrough {
  return new TierChain(tiers)
}

class TierChain implements ReadThrough {
  readonly #tiers: readonly ChainedTier[]
  readonly #copies = new Set<Promise<unknown>>()

  constructor(tiers: readonly ChainedTier[]) {
    this.#tiers = tiers
  }

  async get(key: string, signal?: AbortSignal): Promise<Found | undefined> {
    const tiers = this.#holding(key)
    for (const [index, tier] of tiers.entries()) {
      const bytes = await tier.get(key, signal)
      if (bytes !== undefined) return this.#found(key, bytes, tiers, index)
    }
    return undefined
  }

  getSync(key: string): Found | undefined {
    const tiers = this.#holding(key)
    for (const [index, tier] of tiers.entries()) {
      const bytes = tier.getSync?.(key)
      if (bytes !== undefined) return this.#found(key, bytes, tiers, index)
    }
    return undefined
  }

  async set(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    await Promise.all(this.#holding(key).map((tier) => tier.set(key, bytes, signal)))
  }

  async delete(key: string): Promise<void> {
    await Promise.all(this.#holding(key).map((tier) => tier.delete(key)))
  }

  stats(): Readonly<Record<string, TierStats>> {
    return Object.fromEntries(this.#tiers.map(({ tier }) => [tier.name, tier.stats()]))
  }

  async close(): Promise<void> {
    while (this.#copies.size > 0) await Promise.allSettled(this.#copies)
    await Promise.all(this.#tiers.map(({ tier }) => tier.close()))
  }

  #holding(key: string): ByteTier[] {
    return this.#tiers.filter(({ holds }) => holds(key)).map(({ tier }) => tier)
  }

  #found(key: string, bytes: Uint8Array, tiers: readonly ByteTier[], index: number): Found {
    for (const nearer of tiers.slice(0, index)) {
      const copy = nearer.set(key, bytes)
      this.#copies.add(copy)
      const end = (): void => {
        this.#copies.delete(copy)
      }
      // A tier reports its own trouble; the answer is already known.
      copy.then(end, end)
    }
    return { bytes, tier: tiers[index]?.name ?? '' }
  }
}
