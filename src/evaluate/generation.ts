import type { RelPath } from '../base/project-path.ts'
import type { Artifact } from '../bundle/artifact.ts'

/** The exports of a module, as an import of it would see them. */
export type Namespace = Readonly<Record<string, unknown>>

/** Where a generation is in its life; it only moves forward, `failed` instead of `live`. */
export type GenerationState =
  | 'instantiated'
  | 'evaluating'
  | 'live'
  | 'draining'
  | 'retired'
  | 'failed'

/**
 * One evaluated copy of an artifact. It holds metadata of the artifact, never its code string,
 * and can be collected once it is retired and nobody holds its exports.
 */
export interface Generation {
  /** The entry, relative to the root. */
  readonly module: RelPath
  readonly number: number
  /** The artifact's id. */
  readonly artifact: string
  readonly state: GenerationState
  readonly namespace: Namespace
  /** Aborts when the generation retires. */
  readonly signal: AbortSignal
  /** Open leases of `use()`. */
  readonly leases: number
  /** True when the ledger holds a listening socket: a successor cannot start beside it. */
  readonly listens: boolean
  /** What V8 made of the code cache it was given. */
  readonly codeCache: 'used' | 'rejected' | 'none'
}

/** What makes a generation out of an artifact. */
export interface InstantiateRequest {
  readonly artifact: Artifact
  readonly number: number
  readonly codeCache?: Uint8Array | undefined
  /** What the predecessor's `hot.dispose` left. */
  readonly hotData?: Record<string, unknown>
  /** False where reload is impossible: then `import.meta.hot` is undefined. */
  readonly reloadable: boolean
  /** True for the entry of `somon run`: `import.meta.main`. */
  readonly main?: boolean
}

/** What the end of a generation found. */
export interface RetireReport {
  readonly drained: boolean
  /** What the ledger ended, by kind. */
  readonly swept: Readonly<Record<string, number>>
  /** What it found and left running, in the modes `report` and `trace`. */
  readonly left: Readonly<Record<string, number>>
  /** What `hot.dispose` left for the successor. */
  readonly hotData: Record<string, unknown>
  /** Failures of dispose hooks; retirement went on. */
  readonly errors: readonly unknown[]
}

/** A generation that is retired and not yet collected. */
export interface RetiredGeneration {
  readonly module: RelPath
  readonly number: number
  readonly retiredAt: number
  readonly leaked: boolean
}
