/** Why an entry left a tier. */
export type EvictionCause = 'bytes' | 'entries' | 'age' | 'orphan' | 'stray'

/** What the tiers report; `tier` is the name the tier was made with. */
export interface CacheEvents {
  'cache.hit': { readonly tier: string; readonly key: string; readonly bytes: number }
  'cache.miss': { readonly tier: string; readonly key: string }
  'cache.evicted': {
    readonly tier: string
    readonly key: string
    readonly bytes: number
    readonly because: EvictionCause
  }
  /** Live generations alone exceed the budget: new artifacts bypass memory. Once per crossing. */
  'cache.pressure': { readonly pinnedBytes: number; readonly maxBytes: number }
  /** A write failed; the tier only reads until the time is over. Once per failure period. */
  'cache.readonly': {
    readonly tier: string
    readonly dir: string
    /** The system's code, such as `ENOSPC`. */
    readonly because: string
    readonly retryAfterMs: number
  }
  /** A stored file is torn or was tampered with; it counts as absent and is removed. */
  'cache.corrupt': { readonly tier: string; readonly key: string; readonly file: string }
}
