import { withDeadline } from '../base/deadline.ts'
import { isSomonError, messageOf } from '../base/error.ts'
import type { Artifact } from '../bundle/artifact.ts'
import { evaluationTimedOut } from '../evaluate/errors.ts'
import type { Generation, InstantiateRequest } from '../evaluate/generation.ts'
import { loadTimeout, verifyFailed, verifyTimeout } from './errors.ts'
import type { ModuleParts } from './module-parts.ts'

/** A generation that has passed every check, with what it was made of. */
export interface StartedGeneration {
  readonly generation: Generation
  readonly artifact: Artifact
  readonly codeCache: Uint8Array | undefined
}

/** The stages at which a generation can fail before it serves. */
export type StartStage = 'compile' | 'bind' | 'execute' | 'verify'

/** A start that failed: where, and with what. */
export class StartFailure extends Error {
  readonly stage: StartStage
  readonly error: unknown

  constructor(stage: StartStage, error: unknown) {
    super(messageOf(error), { cause: error })
    this.stage = stage
    this.error = error
  }
}

/**
 * Makes a generation that may serve: instantiate, bind imports, execute, verify.
 *
 * When a step fails, or `signal` aborts between two, whatever the generation has started is
 * ended through its own ledger before this rejects.
 *
 * @throws StartFailure with the stage and the error of it
 */
export async function startGeneration(
  parts: ModuleParts,
  request: InstantiateRequest,
  signal?: AbortSignal,
): Promise<Generation> {
  // A hit may come from a build without a map; a build that was asked for one has it already.
  if (parts.sourceMaps === 'eager') await parts.loader.ensureMap(request.artifact, signal)
  const generation = instantiate(parts, request)
  let stage: StartStage = 'bind'
  try {
    signal?.throwIfAborted()
    await bind(parts, generation, request.artifact, signal)
    signal?.throwIfAborted()
    stage = 'execute'
    const pending = parts.evaluator.execute(generation)
    if (pending !== undefined) await settle(parts, generation, pending, signal)
    signal?.throwIfAborted()
    stage = 'verify'
    await verify(parts, generation, signal)
    return generation
  } catch (error) {
    await parts.evaluator.retire(generation, { drainTimeoutMs: 0 })
    throw new StartFailure(stage, error)
  }
}

/** The synchronous form: no top-level await, no external with one, and no checks. */
export function startGenerationSync(parts: ModuleParts, request: InstantiateRequest): Generation {
  const generation = instantiate(parts, request)
  let stage: StartStage = 'bind'
  try {
    parts.evaluator.bindImportsSync(generation)
    stage = 'execute'
    // Whoever calls this has refused artifacts with top-level await, the only asynchronous case.
    void parts.evaluator.execute(generation)
    return generation
  } catch (error) {
    void parts.evaluator.retire(generation, { drainTimeoutMs: 0 })
    throw new StartFailure(stage, error)
  }
}

function instantiate(parts: ModuleParts, request: InstantiateRequest): Generation {
  try {
    return parts.evaluator.instantiate(request)
  } catch (error) {
    throw new StartFailure('compile', error)
  }
}

/** An external that never ends its own evaluation must not hold a load or reload for ever. */
function bind(
  parts: ModuleParts,
  generation: Generation,
  { deps }: Artifact,
  signal: AbortSignal | undefined,
): Promise<void> {
  // Then nobody is waited for.
  if (deps.length === 0) return parts.evaluator.bindImports(generation, signal)
  const { timeoutMs } = parts.limits
  return withDeadline((deadline) => parts.evaluator.bindImports(generation, deadline), {
    timeoutMs,
    clock: parts.clock,
    signal,
    onTimeout: () => loadTimeout({ module: generation.module, timeoutMs }),
  })
}

function settle(
  parts: ModuleParts,
  generation: Generation,
  pending: Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const timeoutMs = parts.limits.evaluateTimeoutMs
  return withDeadline(() => pending, {
    timeoutMs,
    clock: parts.clock,
    signal,
    onTimeout: () => evaluationTimedOut({ module: generation.module, timeoutMs }),
  })
}

async function verify(
  parts: ModuleParts,
  generation: Generation,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (parts.checks.size === 0 && !parts.plugins().verifies) return
  const timeoutMs = parts.limits.verifyTimeoutMs
  const info = {
    module: generation.module,
    number: generation.number,
    artifact: generation.artifact,
  }
  try {
    await withDeadline(
      async (deadline) => {
        await parts.plugins().verify(generation.namespace, info, deadline)
        for (const check of parts.checks) {
          await check(generation.namespace, generation, deadline)
        }
      },
      {
        timeoutMs,
        clock: parts.clock,
        signal,
        onTimeout: () => verifyTimeout({ module: generation.module, timeoutMs }),
      },
    )
  } catch (error) {
    throw asVerifyError(generation, error, signal)
  }
}

function asVerifyError(
  generation: Generation,
  error: unknown,
  signal: AbortSignal | undefined,
): unknown {
  if (signal?.aborted === true || isSomonError(error)) return error
  return verifyFailed({ module: generation.module, reason: messageOf(error) }, { cause: error })
}
