import type { Digest } from '../base/digest.ts'
import type { BuildInputs } from '../bundle/build-inputs.ts'

/**
 * The validity record of one artifact: what its build depended on, with the stat data that lets
 * a check skip reading. The only mutable thing in the cache: a check that had to hash refreshes it.
 */
export interface InputsManifest extends BuildInputs {
  readonly format: 1
  /** The request key: digest of entry and fingerprint. */
  readonly key: Digest
  /** The id of the artifact that these inputs produce. */
  readonly artifact: Digest
  readonly builtAt: number
  readonly validatedAt: number
}
