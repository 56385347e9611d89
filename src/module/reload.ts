import type { RelPath } from '../base/project-path.ts'
import type { Artifact } from '../bundle/artifact.ts'
import type { Generation, RetireReport } from '../evaluate/generation.ts'
import type { LoadedArtifact } from '../load/loaded-artifact.ts'
import { asLoadError } from './as-load-error.ts'
import { restoreFailed } from './errors.ts'
import type { ModuleEventMap } from './module.ts'
import type { ModuleParts } from './module-parts.ts'
import type { ReloadReport } from './reload-report.ts'
import { startGeneration, StartFailure, type StartedGeneration } from './start-generation.ts'

/** What a reload works on: the state of one live module. */
export interface ReloadableModule {
  readonly id: RelPath
  readonly parts: ModuleParts
  serving: { readonly generation: Generation; readonly artifact: Artifact }
  /** The number of the newest reload; an older one gives up when it sees a newer. */
  transaction: number
  /** Aborts what the newest transaction waits for when a newer one begins; gone with its end. */
  superseding: AbortController | undefined
  /** Settles when the transaction that may start generations has ended. */
  critical: Promise<unknown>
  /** Set while nothing serves because an exclusive reload is between old and new code. */
  gap: Promise<void> | undefined
  /** When the last reload began; a second one within a minute makes the entry hot. */
  reloadedAt: number
  /** True after a failed reload until the next success: that one heals. */
  failing: boolean
  /** Gives out the numbers of this entry's generations. */
  nextNumber(): number
  /** Lets a generation serve from now on; the swap itself. */
  serve(started: StartedGeneration): void
  /** Ends a generation within the drain limit. */
  retire(generation: Generation): Promise<RetireReport>
  /** Tells the listeners of this one module. */
  tell<Name extends keyof ModuleEventMap>(name: Name, event: ModuleEventMap[Name]): void
}

/** An entry that is reloaded again within this time gets a kept build context. */
const HOT_WITHIN_MS = 60_000

/**
 * Replaces the code of a module, or keeps what serves.
 *
 * Order: build → compile → instantiate → bind → execute → verify → swap → drain → dispose →
 * retire. Until the swap the old generation serves; the swap is one synchronous step. A newer
 * reload of the same module makes this one give up at its next step with `superseded`. When the
 * old generation listens on a port the order is `exclusive`: it ends before the new one runs,
 * and its artifact is evaluated again should the new one fail.
 */
export async function reload(module: ReloadableModule): Promise<ReloadReport> {
  const { clock } = module.parts
  const startedAt = clock.elapsed()
  const hot = startedAt - module.reloadedAt < HOT_WITHIN_MS
  module.reloadedAt = startedAt
  const ticket = begin(module)
  try {
    return await replace(module, ticket, hot, startedAt)
  } finally {
    ticket.end()
  }
}

async function replace(
  module: ReloadableModule,
  ticket: Ticket,
  hot: boolean,
  startedAt: number,
): Promise<ReloadReport> {
  let loaded: LoadedArtifact
  try {
    await module.parts.plugins().beforeLoad({ entry: module.id, kind: 'reload' })
    loaded = await module.parts.loader.artifact(module.id, {
      hot,
      fresh: true,
      signal: ticket.signal,
    })
  } catch (error) {
    return failed(module, ticket, 'build', error)
  }
  const turn = module.critical.then(() => swapIn(module, loaded, ticket, startedAt))
  module.critical = turn.catch(() => {})
  return turn
}

/** Wrapped, because an async function would wait for the promise inside. */
interface Replaced {
  readonly retired: Promise<RetireReport>
}

interface Ticket {
  readonly signal: AbortSignal
  /** True once a newer transaction has begun. */
  isOver(): boolean
  /** Lets go of the signal: nothing waits under it any more. */
  end(): void
}

function begin(module: ReloadableModule): Ticket {
  module.superseding?.abort(new Error('A newer reload has begun'))
  const controller = new AbortController()
  module.superseding = controller
  module.transaction += 1
  const number = module.transaction
  return {
    signal: controller.signal,
    isOver: () => module.transaction !== number,
    end: () => {
      if (module.superseding === controller) module.superseding = undefined
    },
  }
}

async function swapIn(
  module: ReloadableModule,
  loaded: LoadedArtifact,
  ticket: Ticket,
  startedAt: number,
): Promise<ReloadReport> {
  if (ticket.isOver()) return superseded(module)
  const { artifact } = loaded
  const old = module.serving.generation
  // After a restore that failed nothing serves: then equal code has to start as well.
  const serves = old.state === 'live' || old.state === 'draining'
  if (serves && artifact.codeId === module.serving.artifact.codeId) {
    return unchanged(module, artifact)
  }
  // Without the sweep the socket would stay open: then both orders meet the same port.
  const order = old.listens && module.parts.sweeps ? 'exclusive' : 'overlapping'
  try {
    const swap = order === 'exclusive' ? replaceExclusively : replaceOverlapping
    const { retired } = await swap(module, loaded, ticket)
    return succeeded(module, old, order, retired, startedAt)
  } catch (error) {
    return error instanceof StartFailure
      ? failed(module, ticket, error.stage, error.error)
      : failed(module, ticket, 'execute', error)
  }
}

async function replaceOverlapping(
  module: ReloadableModule,
  loaded: LoadedArtifact,
  ticket: Ticket,
): Promise<Replaced> {
  const old = module.serving.generation
  const hotData: Record<string, unknown> = {}
  const fresh = await start(module, loaded, hotData, ticket)
  if (ticket.isOver()) {
    await module.retire(fresh)
    throw new StartFailure('verify', ticket.signal.reason)
  }
  module.serve({ ...loaded, generation: fresh })
  // The successor already runs: what the dispose hooks leave arrives in the object it holds.
  const retired = module.retire(old).then((report) => {
    Object.assign(hotData, report.hotData)
    return report
  })
  return { retired }
}

async function replaceExclusively(
  module: ReloadableModule,
  loaded: LoadedArtifact,
  ticket: Ticket,
): Promise<Replaced> {
  const { generation: old, artifact: oldArtifact } = module.serving
  const { promise, resolve } = Promise.withResolvers<void>()
  module.gap = promise
  try {
    const report = await module.retire(old)
    try {
      const fresh = await start(module, loaded, report.hotData, ticket)
      module.serve({ ...loaded, generation: fresh })
    } catch (error) {
      await restore(module, oldArtifact, report.hotData, error)
      throw error
    }
    return { retired: Promise.resolve(report) }
  } finally {
    module.gap = undefined
    resolve()
  }
}

/** Starts the old code once more; when that fails too, nothing serves until the next reload. */
async function restore(
  module: ReloadableModule,
  artifact: Artifact,
  hotData: Record<string, unknown>,
  failure: unknown,
): Promise<void> {
  const old = { artifact, codeCache: undefined }
  try {
    const generation = await start(module, old, hotData, undefined)
    module.serve({ ...old, generation })
  } catch (error) {
    const first = asLoadError(module.id, failure)
    const second = asLoadError(module.id, error)
    const facts = { module: module.id, reason: second.message }
    const both = restoreFailed(facts, { cause: failure, errors: [first, second] })
    throw new StartFailure('execute', both)
  }
}

function start(
  module: ReloadableModule,
  loaded: Pick<LoadedArtifact, 'artifact' | 'codeCache'>,
  hotData: Record<string, unknown>,
  ticket: Ticket | undefined,
): Promise<Generation> {
  return startGeneration(
    module.parts,
    {
      artifact: loaded.artifact,
      codeCache: loaded.codeCache,
      number: module.nextNumber(),
      hotData,
      reloadable: module.parts.reloadable,
    },
    ticket?.signal,
  )
}

function succeeded(
  module: ReloadableModule,
  old: Generation,
  order: 'overlapping' | 'exclusive',
  retired: Promise<RetireReport>,
  startedAt: number,
): ReloadReport {
  const durationMs = module.parts.clock.elapsed() - startedAt
  const change = {
    module: module.id,
    from: old.number,
    to: module.serving.generation.number,
    order,
    durationMs,
  }
  const healed = noteSuccess(module)
  const channel = module.parts.events.channel('module.reloaded')
  if (channel.listened) channel.emit(change)
  const report = { ...change, outcome: healed ? 'healed' : 'reloaded', retired } as const
  module.tell('reloaded', report)
  return report
}

function unchanged(module: ReloadableModule, artifact: Artifact): ReloadReport {
  module.parts.evaluator.remap(module.serving.generation, artifact)
  module.serving = { generation: module.serving.generation, artifact }
  noteSuccess(module)
  const same = { module: module.id, generation: module.serving.generation.number }
  const channel = module.parts.events.channel('module.unchanged')
  if (channel.listened) channel.emit(same)
  const report = { ...same, outcome: 'unchanged' } as const
  module.tell('unchanged', report)
  return report
}

/** Returns whether this success ends a time of failures. */
function noteSuccess(module: ReloadableModule): boolean {
  if (!module.failing) return false
  module.failing = false
  const healed = module.parts.events.channel('module.healed')
  if (healed.listened)
    healed.emit({ module: module.id, generation: module.serving.generation.number })
  return true
}

async function failed(
  module: ReloadableModule,
  ticket: Ticket,
  stage: 'build' | StartFailure['stage'],
  thrown: unknown,
): Promise<ReloadReport> {
  if (ticket.isOver()) return superseded(module)
  const error = await module.parts.evaluator.mapErrorStack(asLoadError(module.id, thrown))
  // The map may have taken a build: a newer reload may have begun, or even ended, meanwhile.
  if (ticket.isOver()) return superseded(module)
  module.failing = true
  const failure = { module: module.id, generation: module.serving.generation.number, stage, error }
  const channel = module.parts.events.channel('module.reload-failed')
  if (channel.listened) channel.emit(failure)
  const report = { ...failure, outcome: 'failed' } as const
  module.tell('failed', report)
  return report
}

function superseded(module: ReloadableModule): ReloadReport {
  return { outcome: 'superseded', module: module.id, generation: module.serving.generation.number }
}
