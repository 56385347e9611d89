/** What one variant did in one case. */
export interface VariantSamples {
  readonly variant: string
  /** Why it could not be measured; then it has no samples. */
  readonly failure: string | undefined
  /** By metric, one sample a pair, in the order of the pairs. */
  readonly samples: Readonly<Record<string, readonly number[]>>
}

/** What one case yielded; the last variant is the first one again, as the A/A row. */
export interface CaseSamples {
  readonly name: string
  readonly variants: readonly VariantSamples[]
}

/** The name of the row that is the first variant against itself. */
export const SELF = 'A/A'
