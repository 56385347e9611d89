import type { Clock } from '../base/clock.ts'
import type { Digest } from '../base/digest.ts'
import { isSomonError, messageOf, type SomonError } from '../base/error.ts'
import type { Emitter, EventChannel } from '../base/events.ts'
import type { RelPath } from '../base/project-path.ts'
import { untilAborted } from '../base/until-aborted.ts'
import type { Artifact, ArtifactFacts } from '../bundle/artifact.ts'
import type { GenerationInfo } from '../bundle/plugin.ts'
import { frameOf, importPlace, type SourceText } from './code-frames.ts'
import { evaluationFailed, syncTopLevelAwait } from './errors.ts'
import type { EvaluateEvents } from './events.ts'
import { assertReady, runBody } from './execute.ts'
import type {
  Generation,
  InstantiateRequest,
  Namespace,
  RetiredGeneration,
  RetireReport,
} from './generation.ts'
import { GuardedRequires } from './guarded-require.ts'
import { Imports, type ImportsParts } from './imports.ts'
import { instantiate } from './instantiate.ts'
import { useGeneration } from './lease.ts'
import type { ResourceCounts } from './ledger.ts'
import { LiveGeneration, type GenerationCode } from './live-generation.ts'
import { checkNamedExports } from './named-exports.ts'
import { Ownership, type LedgerMode } from './ownership.ts'
import { RetiredGenerations } from './retired.ts'
import { retireGeneration, type RetirementParts } from './retirement.ts'
import { settleError } from './settle-error.ts'
import { Stacks } from './stack.ts'

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
  /**
   * Waits for the source maps that the stack of an error needs and rewrites it, its causes and its
   * parts; a coded error of `execute` also gets its place and code frame then. Never rejects.
   */
  mapErrorStack<E>(error: E): Promise<E>
  /** The module whose code runs, or has called what runs; as entered by `execute` and `use`. */
  ownerNow(): RelPath | undefined
  /** Counts by kind what the ledger of a generation holds now. */
  resources(generation: Generation): ResourceCounts
  /** Ends the leak watch: in a system that ends, nobody is left to be told. */
  endWatch(): void
  /** Restores `Error.prepareStackTrace` and drops every subscription. */
  close(): void
}

/** What an evaluator is made of: settings, and what it asks the other stages. */
export interface EvaluatorParts extends ImportsParts {
  readonly clock: Clock
  readonly events: Emitter<EvaluateEvents>
  readonly ledger: LedgerMode
  /** `loading.leakWarnMs`, read at each use because it may change; 0 switches the warning off. */
  readonly leakWarnMs: () => number
  /** How long each `hot.dispose` hook may take. */
  readonly disposeTimeoutMs: number
  /** The source map of an artifact as JSON text, if it is there without waiting. */
  readonly map: (artifactId: Digest) => string | undefined
  /** The same, fetched or made now; undefined when it cannot be had. */
  readonly awaitMap: (artifact: ArtifactFacts) => Promise<string | undefined>
  /** Whether a debugger is attached: then scripts carry their source map for it. */
  readonly inspected: () => boolean
  /** The text of an input if it is still the one that was built. */
  readonly sourceText: SourceText
  /** Lets plugins add properties to `import.meta`. */
  readonly extendMeta: (meta: Record<string, unknown>, generation: GenerationInfo) => void
  /** Called before each request that a module makes by its own `fetch`. */
  readonly onFetch: () => void
  /** What `import.meta.hot.invalidate()` asks for: a reload of this entry. */
  readonly onInvalidate: (module: RelPath) => void
}

/**
 * Makes the evaluator of one system. It starts nothing: stack handler, subscriptions and watches
 * begin with the first generation.
 *
 * @throws SomonError SOMON_EVALUATE_TRACE_UNSUPPORTED
 */
export function createEvaluator(parts: EvaluatorParts): Evaluator {
  return new SystemEvaluator(parts)
}

class SystemEvaluator implements Evaluator {
  readonly #parts: EvaluatorParts
  readonly #imports: Imports
  readonly #requires: GuardedRequires
  readonly #ownership: Ownership
  readonly #stacks: Stacks
  readonly #retired: RetiredGenerations
  readonly #retirement: RetirementParts
  readonly #finishedChannel: EventChannel<EvaluateEvents['evaluate.finished']>
  readonly #failedChannel: EventChannel<EvaluateEvents['evaluate.failed']>

  constructor(parts: EvaluatorParts) {
    this.#parts = parts
    this.#finishedChannel = parts.events.channel('evaluate.finished')
    this.#failedChannel = parts.events.channel('evaluate.failed')
    this.#imports = new Imports(parts)
    this.#requires = new GuardedRequires(parts.guards)
    this.#ownership = new Ownership(parts.ledger)
    this.#stacks = new Stacks(parts)
    this.#retired = new RetiredGenerations({
      clock: parts.clock,
      collected: parts.events.channel('generation.collected'),
      leaked: parts.events.channel('generation.leaked'),
      leakWarnMs: parts.leakWarnMs,
      onCollected: (filename) => this.#stacks.forget(filename),
    })
    this.#retirement = {
      clock: parts.clock,
      ownership: this.#ownership,
      retired: this.#retired,
      channel: parts.events.channel('generation.retired'),
      disposeTimeoutMs: parts.disposeTimeoutMs,
    }
  }

  instantiate(request: InstantiateRequest): Generation {
    const { artifact, number } = request
    try {
      const generation = instantiate(request, {
        root: this.#parts.root,
        imports: this.#imports,
        requires: this.#requires,
        ownership: this.#ownership,
        inlineMap: (artifactId) =>
          this.#parts.inspected() ? this.#parts.map(artifactId) : undefined,
        extendMeta: this.#parts.extendMeta,
        onFetch: this.#parts.onFetch,
        onInvalidate: this.#parts.onInvalidate,
      })
      const { filename, ledger } = generation.facts
      this.#stacks.register(filename, factsOf(artifact))
      const tag = generation.code?.tag
      if (tag !== undefined) {
        this.#retired.watch(tag, { module: artifact.entry, number, filename, ledger })
      }
      return generation
    } catch (error) {
      throw this.#failed(
        error,
        { module: artifact.entry, number, artifact: artifact.id },
        'compile',
      )
    }
  }

  async bindImports(generation: Generation, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    const own = asLive(generation)
    try {
      const { importer } = codeOf(own)
      const importing = own.facts.deps.map(async (dep) => this.#imports.dependency(dep, importer))
      bind(own, await untilAborted(Promise.all(importing), signal))
    } catch (error) {
      if (signal?.aborted === true && error === signal.reason) throw error
      throw this.#failed(this.#located(error, own), own, 'bind')
    }
  }

  bindImportsSync(generation: Generation): void {
    const own = asLive(generation)
    const { module, deps, tla } = own.facts
    try {
      if (tla !== null) throw syncTopLevelAwait({ module }, { location: tla })
      const { importer } = codeOf(own)
      bind(
        own,
        deps.map((dep) => this.#imports.dependencySync(dep, importer)),
      )
    } catch (error) {
      throw this.#failed(this.#located(error, own), own, 'bind')
    }
  }

  execute(generation: Generation): void | Promise<void> {
    const own = asLive(generation)
    assertReady(own)
    const startedAt = this.#parts.clock.elapsed()
    const { codeCache } = own
    own.state = 'evaluating'
    const finish = (): void => this.#finished(own, codeCache, startedAt)
    try {
      const running = runBody(own, this.#ownership)
      if (running === undefined) return finish()
      return running.then(finish, (error: unknown) => {
        throw this.#executionFailed(error, own)
      })
    } catch (error) {
      throw this.#executionFailed(error, own)
    }
  }

  use<R>(generation: Generation, fn: (namespace: never) => R | Promise<R>): Promise<R> {
    return useGeneration(asLive(generation), fn, this.#ownership)
  }

  retire(
    generation: Generation,
    options: { readonly drainTimeoutMs: number },
  ): Promise<RetireReport> {
    return retireGeneration(asLive(generation), this.#retirement, options.drainTimeoutMs)
  }

  createCodeCache(generation: Generation): Uint8Array | undefined {
    return asLive(generation).code?.compiled.script.createCachedData()
  }

  remap(generation: Generation, artifact: Artifact): void {
    const own = asLive(generation)
    own.renew(artifact.id)
    this.#stacks.register(own.facts.filename, factsOf(artifact))
  }

  retired(): readonly RetiredGeneration[] {
    return this.#retired.list()
  }

  async mapErrorStack<E>(error: E): Promise<E> {
    await this.#stacks.mapError(error)
    if (!isSomonError(error, evaluationFailed.code) || error.location !== undefined) return error
    const frame = this.#frameOf(error.cause)
    if (frame.location !== undefined) Object.assign(error, frame)
    return error
  }

  ownerNow(): RelPath | undefined {
    return this.#ownership.ownerNow()
  }

  resources(generation: Generation): ResourceCounts {
    return asLive(generation).facts.ledger?.counts() ?? {}
  }

  endWatch(): void {
    this.#retired.close()
  }

  close(): void {
    this.endWatch()
    this.#stacks.close()
    this.#ownership.close()
  }

  #finished(own: LiveGeneration, codeCache: 'used' | 'rejected' | 'none', startedAt: number): void {
    // A reload that timed out may have retired it while its top-level await was waiting.
    if (own.state !== 'evaluating') return
    own.state = 'live'
    const channel = this.#finishedChannel
    if (!channel.listened) return
    const { module, number, artifact } = own
    const durationMs = this.#parts.clock.elapsed() - startedAt
    const topLevelAwait = own.facts.tla !== null
    channel.emit({ module, number, artifact, durationMs, codeCache, topLevelAwait })
  }

  #executionFailed(thrown: unknown, own: LiveGeneration): SomonError {
    settleError(thrown)
    const { module } = own
    const reason = describeThrown(thrown)
    const error = evaluationFailed({ module, reason }, { cause: thrown, ...this.#frameOf(thrown) })
    if (own.state !== 'evaluating') return error
    own.state = 'failed'
    return this.#failed(error, own, 'execute')
  }

  #frameOf(thrown: unknown): ReturnType<typeof frameOf> {
    const position = thrown instanceof Error ? this.#stacks.topFrame(thrown) : undefined
    return frameOf(position, this.#parts.sourceText)
  }

  /** Adds the place of the import to an error of binding; one that several share keeps it. */
  #located(error: unknown, own: LiveGeneration): unknown {
    const artifact = this.#stacks.artifactOf(own.facts.filename)
    if (artifact !== undefined && isSomonError(error) && error.location === undefined) {
      Object.assign(error, importPlace(error, artifact, this.#parts.sourceText))
    }
    return error
  }

  #failed(
    thrown: unknown,
    { module, number, artifact }: Pick<Generation, 'module' | 'number' | 'artifact'>,
    stage: 'compile' | 'bind' | 'execute',
  ): SomonError {
    settleError(thrown)
    const error = isSomonError(thrown)
      ? thrown
      : settleError(evaluationFailed({ module, reason: describeThrown(thrown) }, { cause: thrown }))
    const channel = this.#failedChannel
    if (channel.listened) channel.emit({ module, number, artifact, stage, error })
    return error
  }
}

function asLive(generation: Generation): LiveGeneration {
  if (generation instanceof LiveGeneration) return generation
  throw new TypeError(`Generation ${generation.number} of "${generation.module}" is not ours`)
}

function factsOf(artifact: Artifact): ArtifactFacts {
  const { code: _code, ...facts } = artifact
  return facts
}

function codeOf({ code, facts }: LiveGeneration): GenerationCode {
  if (code === undefined) throw new TypeError(`Generation ${facts.number} has retired`)
  return code
}

function bind(own: LiveGeneration, namespaces: readonly Namespace[]): void {
  const code = codeOf(own)
  const { facts } = own
  for (const [index, dep] of facts.deps.entries()) {
    const namespace = namespaces[index]
    if (namespace === undefined) continue
    checkNamedExports(facts.module, dep, namespace)
    code.dependencies.push(namespace)
  }
  code.exports.bind(namespaces)
}

function describeThrown(thrown: unknown): string {
  if (!(thrown instanceof Error)) return `it threw ${messageOf(thrown)}`
  const message = messageOf(thrown).split('\n', 1)[0] ?? ''
  return `${thrown.name}: ${message}`.replace(/\.$/, '')
}
