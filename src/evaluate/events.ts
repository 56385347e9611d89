import type { SomonError } from '../base/error.ts'
import type { RelPath } from '../base/project-path.ts'
import type { ResourceCounts } from './ledger.ts'

interface GenerationEvent {
  readonly module: RelPath
  readonly number: number
}

/** The events of evaluation and of the end of generations. */
export interface EvaluateEvents {
  'evaluate.finished': GenerationEvent & {
    readonly artifact: string
    readonly durationMs: number
    /** `rejected`: V8 refused the code cache and compiled anew. */
    readonly codeCache: 'used' | 'rejected' | 'none'
    readonly topLevelAwait: boolean
  }
  'evaluate.failed': GenerationEvent & {
    readonly artifact: string
    readonly stage: 'compile' | 'bind' | 'execute'
    readonly error: SomonError
  }
  'generation.retired': GenerationEvent & {
    /** False when leases were still held at the end of the drain. */
    readonly drained: boolean
    readonly swept: ResourceCounts
    /** What the ledger found and, in the modes `report` and `trace`, left running. */
    readonly left: ResourceCounts
    readonly errors: readonly unknown[]
  }
  'generation.collected': GenerationEvent & { readonly afterMs: number }
  /** Still in memory `loading.leakWarnMs` and two major collections after its retirement. */
  'generation.leaked': GenerationEvent & {
    readonly ageMs: number
    /** What the ledger knows of it now, by kind: the usual suspects. */
    readonly ledger: ResourceCounts
  }
}
