import type { Digest } from '../base/digest.ts'
import type { SourceLocation } from '../base/error.ts'
import type { RelPath } from '../base/project-path.ts'
import type { ArtifactDependency } from '../bundle/artifact.ts'
import type { Generation, GenerationState, Namespace, RetireReport } from './generation.ts'
import type { HotState } from './hot.ts'
import type { Importer } from './importer.ts'
import type { Ledger } from './ledger.ts'
import type { NamespaceBuilder } from './namespace.ts'
import type { OwnerToken } from './ownership.ts'
import type { CompiledScript } from './script.ts'

/** The body of a wrapped text between its first and its second step. */
export type Body = Iterator<void, void, void> | AsyncIterator<void, void, void>

/** Everything of a generation that leads to its code; dropped as one when it retires. */
export interface GenerationCode {
  readonly compiled: CompiledScript
  readonly exports: NamespaceBuilder
  /** The `$d` of the wrapper, filled by binding. */
  readonly dependencies: Namespace[]
  readonly importer: Importer
  /** The `$s` of the wrapper: what the leak detector watches. */
  readonly tag: object
  readonly hot: HotState
  readonly controller: AbortController
  /** Undefined once it has run. */
  body: Body | undefined
  /** Settles with the first step of an async body. */
  started: Promise<unknown> | undefined
}

/** What stays known of a generation after its code is gone. */
export interface GenerationFacts {
  readonly module: RelPath
  readonly number: number
  readonly artifact: Digest
  readonly filename: string
  readonly deps: readonly ArtifactDependency[]
  readonly tla: SourceLocation | null
  readonly token: OwnerToken | undefined
  readonly ledger: Ledger | undefined
}

/**
 * The generation behind the interface.
 *
 * Invariants: `#code` is there until `release()` and is the only way from here to the module's
 * code, so who keeps a retired generation keeps a few names. The state only moves forward:
 * instantiated → evaluating → live → draining → retired, or to failed from the first two.
 */
export class LiveGeneration implements Generation {
  readonly facts: GenerationFacts
  state: GenerationState = 'instantiated'
  leases = 0
  /** Called when the last lease of a draining generation is given back. */
  onIdle: (() => void) | undefined
  /** The retirement that is under way; later calls join it. */
  retiring: Promise<RetireReport> | undefined
  #code: GenerationCode | undefined
  #artifact: Digest

  constructor(facts: GenerationFacts, code: GenerationCode) {
    this.facts = facts
    this.#code = code
    this.#artifact = facts.artifact
  }

  get module(): RelPath {
    return this.facts.module
  }

  get number(): number {
    return this.facts.number
  }

  get artifact(): Digest {
    return this.#artifact
  }

  /** Empty once the generation has retired. */
  get namespace(): Namespace {
    return this.#code?.exports.namespace ?? EMPTY
  }

  get signal(): AbortSignal {
    return this.#code?.controller.signal ?? AbortSignal.abort()
  }

  get listens(): boolean {
    return this.facts.ledger?.listens ?? false
  }

  get codeCache(): CompiledScript['codeCache'] {
    return this.#code?.compiled.codeCache ?? 'none'
  }

  /** Undefined once the generation has retired. */
  get code(): GenerationCode | undefined {
    return this.#code
  }

  /** Notes that another artifact of equal code stands for it now. */
  renew(artifact: Digest): void {
    this.#artifact = artifact
  }

  /** Drops everything that leads to the module's code. */
  release(): void {
    this.#code = undefined
    this.onIdle = undefined
    // Its report holds `hotData`, which is the user's.
    this.retiring = undefined
  }
}

const EMPTY: Namespace = Object.freeze(Object.create(null) as Record<string, unknown>)
