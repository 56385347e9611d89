import { EventHub, type Unsubscribe } from '../base/events.ts'
import { checkSubscription } from '../base/known-event.ts'
import type { RelPath } from '../base/project-path.ts'
import type { Artifact, ArtifactAsset } from '../bundle/artifact.ts'
import type { Generation, RetireReport } from '../evaluate/generation.ts'
import { moduleClosed } from './errors.ts'
import type { Module, ModuleEventMap } from './module.ts'
import type { ModuleParts } from './module-parts.ts'
import { reload, type ReloadableModule } from './reload.ts'
import type { ReloadReport } from './reload-report.ts'
import type { StartedGeneration } from './start-generation.ts'

/**
 * The one implementation of `Module`.
 *
 * Invariants: `serving` is replaced in one synchronous step and always holds a generation that
 * has passed every check; a number is given to one generation only, failed ones included;
 * `critical` is held by at most one transaction, from instantiate to swap.
 */
export class LiveModule implements Module, ReloadableModule {
  readonly id: RelPath
  readonly parts: ModuleParts
  serving: { readonly generation: Generation; readonly artifact: Artifact }
  /** Made with the first listener: most modules never have one. */
  #hub: EventHub<ModuleEventMap> | undefined
  /** Ends the memory count of each generation that is not retired yet. */
  readonly #pins = new Map<Generation, () => void>()
  readonly nextNumber: () => number
  transaction: number = 0
  superseding: AbortController | undefined
  critical: Promise<unknown> = Promise.resolve()
  gap: Promise<void> | undefined
  reloadedAt: number = -Infinity
  failing: boolean = false
  #closed: Promise<void> | undefined
  #newest: Promise<ReloadReport> | undefined
  readonly #onDispose: (module: LiveModule) => void

  constructor(
    parts: ModuleParts,
    started: StartedGeneration,
    owner: {
      readonly nextNumber: () => number
      readonly onDispose: (module: LiveModule) => void
    },
  ) {
    this.id = started.generation.module
    this.parts = parts
    this.serving = started
    this.serve(started)
    this.nextNumber = owner.nextNumber
    this.#onDispose = owner.onDispose
  }

  get generation(): number {
    return this.serving.generation.number
  }

  /** @throws SomonError SOMON_MODULE_CLOSED once the module or its system has ended */
  get exports(): Record<string, unknown> {
    if (this.#closed !== undefined) throw moduleClosed({ module: this.id })
    return this.serving.generation.namespace
  }

  get assets(): readonly ArtifactAsset[] {
    return this.serving.artifact.assets
  }

  get isClosed(): boolean {
    return this.#closed !== undefined
  }

  use<R>(fn: (exports: never) => R | Promise<R>): Promise<R> {
    if (this.#closed !== undefined) return Promise.reject(moduleClosed({ module: this.id }))
    if (this.gap !== undefined) return this.gap.then(() => this.use(fn))
    return this.parts.evaluator.use(this.serving.generation, fn)
  }

  reload(): Promise<ReloadReport> {
    if (this.#closed !== undefined) return Promise.reject(moduleClosed({ module: this.id }))
    this.#newest = reload(this)
    return this.#newest
  }

  /** Reloads; what overtakes the reload answers in its place. */
  async reloadToEnd(): Promise<ReloadReport> {
    let report = await this.reload()
    let asked: Promise<ReloadReport> | undefined
    while (report.outcome === 'superseded' && this.#newest !== asked && !this.isClosed) {
      asked = this.#newest
      if (asked !== undefined) report = await asked
    }
    return report
  }

  on<Name extends keyof ModuleEventMap>(
    name: Name,
    listener: (event: ModuleEventMap[Name]) => void,
  ): Unsubscribe {
    checkSubscription(name, listener, EVENTS)
    this.#hub ??= new EventHub()
    return this.#hub.on(name, listener)
  }

  /** Tells the listeners of this one module. */
  tell<Name extends keyof ModuleEventMap>(name: Name, event: ModuleEventMap[Name]): void {
    this.#hub?.channel(name).emit(event)
  }

  /** The generation that serves and those that are retired and not yet collected. */
  generations(): readonly { readonly number: number; readonly state: string }[] {
    const retired = this.parts.evaluator
      .retired()
      .filter((generation) => generation.module === this.id)
      .map(({ number, leaked }) => ({ number, state: leaked ? 'leaked' : 'retired' }))
    const serving = { number: this.generation, state: this.serving.generation.state }
    return [...retired, serving].toSorted((a, b) => a.number - b.number)
  }

  /** Lets a generation serve from now on; the swap itself. */
  serve({ generation, artifact, codeCache }: StartedGeneration): void {
    this.#pins.set(generation, this.parts.loader.pin(artifact, codeCache?.byteLength))
    this.serving = { generation, artifact }
    this.parts.afterLoad.want(generation, {
      artifact,
      codeCache: codeCache === undefined || generation.codeCache === 'rejected',
      map: this.parts.sourceMaps === 'lazy',
    })
  }

  /** Ends a generation of this module within the drain limit. */
  async retire(generation: Generation): Promise<RetireReport> {
    this.parts.afterLoad.forget(generation)
    // The setting says 0 for no limit, the evaluator says 0 for no drain.
    const drainTimeoutMs = this.parts.limits.drainTimeoutMs || Infinity
    const report = await this.parts.evaluator.retire(generation, { drainTimeoutMs })
    this.#pins.get(generation)?.()
    this.#pins.delete(generation)
    const { module, number, artifact } = generation
    try {
      await this.parts.plugins().retire({ module, number, artifact })
    } catch (error) {
      // The generation has ended all the same; a plugin's fault must not keep a successor out.
      return { ...report, errors: [...report.errors, error] }
    }
    return report
  }

  dispose(): Promise<void> {
    this.#closed ??= this.#dispose()
    return this.#closed
  }

  async #dispose(): Promise<void> {
    this.transaction += 1
    this.superseding?.abort(moduleClosed({ module: this.id }))
    this.#onDispose(this)
    await this.critical
    const { generation } = this.serving
    await this.retire(generation)
    const disposed = this.parts.events.channel('module.disposed')
    if (disposed.listened) disposed.emit({ module: this.id, generation: generation.number })
    this.tell('disposed', { module: this.id })
    this.#hub?.clear()
  }
}

const EVENTS: readonly (keyof ModuleEventMap)[] = ['reloaded', 'unchanged', 'failed', 'disposed']

type Inspect = (value: object, options: object) => string

/** What `console.log` shows: the facts of the handle, not the parts behind it. */
function inspected(this: LiveModule, _depth: number, options: object, inspect: Inspect): string {
  const { id, generation } = this
  const state = this.isClosed ? 'closed' : this.serving.generation.state
  return `Module ${inspect({ id, generation, state }, options)}`
}

// By its registered name: node:util would cost a start its import.
Object.defineProperty(LiveModule.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  value: inspected,
})
