import type { Artifact } from '../bundle/artifact.ts'
import type {
  Generation,
  InstantiateRequest,
  RetiredGeneration,
  RetireReport,
} from './generation.ts'

/**
 * Turns artifacts into generations. The steps are separate so that a reload can stop between
 * them: nothing of the module's own code runs before `execute`.
 */
export interface Evaluator {
  /** Compiles and instantiates; runs nothing of the module. */
  instantiate(request: InstantiateRequest): Generation
  /** Imports the builtins and externals and checks that the named exports exist. */
  bindImports(generation: Generation, signal?: AbortSignal): Promise<void>
  /** @throws SomonError SOMON_EVALUATE_SYNC_EXTERNAL for an external with top-level await */
  bindImportsSync(generation: Generation): void
  /** Returns a promise only when the artifact has top-level await. */
  execute(generation: Generation): void | Promise<void>
  /** Runs `fn` on the exports in the generation's own async context, holding a lease. */
  use<R>(generation: Generation, fn: (namespace: never) => R | Promise<R>): Promise<R>
  /**
   * Ends a generation: drain, abort its signal, `hot.dispose`, ledger sweep, release, leak watch.
   * A generation that failed before it served skips the drain.
   */
  retire(
    generation: Generation,
    options: { readonly drainTimeoutMs: number },
  ): Promise<RetireReport>
  /** V8's code cache including what ran lazily; undefined once the generation is gone. */
  createCodeCache(generation: Generation): Uint8Array | undefined
  /** Points the running generation's stack traces at a newer map of equal code. */
  remap(generation: Generation, artifact: Artifact): void
  retired(): readonly RetiredGeneration[]
  /** Restores `Error.prepareStackTrace` and drops every subscription. */
  close(): void
}
