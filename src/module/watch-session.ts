import { EventHub, type Unsubscribe } from '../base/events.ts'
import type { SomonError } from '../base/error.ts'
import { fromRelPath, type RelPath } from '../base/project-path.ts'
import type { ChangeSet } from '../watch/change-set.ts'
import type { Watcher } from '../watch/watcher.ts'
import { asLoadError } from './as-load-error.ts'
import type { GenerationCheck, ModuleParts } from './module-parts.ts'
import type { ModuleRegistry } from './module-registry.ts'
import type { ReloadReport } from './reload-report.ts'

/** What a watch session tells about an entry that a change made stale. */
export interface WatchReport {
  readonly entry: RelPath
  readonly outcome: 'reloaded' | 'healed' | 'unchanged' | 'failed'
  /** What made it stale, relative to the root; empty when the watcher lost events. */
  readonly changes: readonly RelPath[]
  /** The generation that serves now; 0 while none does. */
  readonly generation: number
  readonly durationMs: number
  readonly error?: SomonError
}

/** Watches the inputs of loaded entries and reloads what becomes stale. */
export interface WatchSession extends AsyncDisposable {
  readonly entries: readonly RelPath[]
  /** How many paths are watched now. */
  readonly watched: number
  on(name: 'report', listener: (report: WatchReport) => void): Unsubscribe
  /** Resolves once everything noticed so far has been dealt with. */
  settled(): Promise<void>
  close(): Promise<void>
}

/** What a session works with. */
export interface WatchSessionParts {
  readonly root: string
  readonly modules: ModuleParts
  readonly registry: ModuleRegistry
  readonly watcher: Watcher
  /** The entries to watch, loaded or not; without it every loaded module. */
  readonly entries: readonly RelPath[] | undefined
  readonly verify: GenerationCheck | undefined
  /** Called once when the session has ended. */
  readonly onClose: () => void
}

/**
 * Starts a session; resolves once the watcher is ready, so that no later change is missed.
 *
 * Change sets are handled one after another. Within one set every stale entry is a transaction
 * of its own: a faulty one keeps its old code while the others swap.
 */
export async function openWatchSession(parts: WatchSessionParts): Promise<WatchSession> {
  const session = new Session(parts)
  await session.start()
  return session
}

class Session implements WatchSession {
  readonly #parts: WatchSessionParts
  readonly #hub = new EventHub<{ report: WatchReport }>()
  #work: Promise<void> = Promise.resolve()
  #closed: Promise<void> | undefined
  readonly #leave: Unsubscribe[] = []

  constructor(parts: WatchSessionParts) {
    this.#parts = parts
  }

  get entries(): readonly RelPath[] {
    return this.#parts.entries ?? [...this.#parts.registry.modules].map((module) => module.id)
  }

  get watched(): number {
    return this.#parts.watcher.watched
  }

  async start(): Promise<void> {
    const { registry, watcher, modules, verify } = this.#parts
    if (verify !== undefined) {
      modules.checks.add(verify)
      this.#leave.push(() => modules.checks.delete(verify))
    }
    this.#leave.push(
      watcher.onChange((changes) => this.#enqueue(() => this.#handle(changes))),
      registry.onLoaded(() => this.#retarget()),
    )
    this.#retarget()
    await watcher.ready()
    this.#enqueue(() => this.#catchUp())
  }

  on(name: 'report', listener: (report: WatchReport) => void): Unsubscribe {
    return this.#hub.on(name, listener)
  }

  async settled(): Promise<void> {
    for (let work = this.#work; ; work = this.#work) {
      await work
      if (work === this.#work) return
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    for (const leave of this.#leave) leave()
    await this.#parts.watcher.close()
    await this.settled()
    this.#hub.clear()
    this.#parts.onClose()
  }

  #enqueue(task: () => Promise<void>): void {
    this.#work = this.#work.then(task)
  }

  #retarget(): void {
    if (this.#closed !== undefined) return
    this.#parts.watcher.watch(this.#parts.modules.loader.watchTargets(this.entries))
  }

  async #handle(changes: ChangeSet): Promise<void> {
    if (this.#closed !== undefined) return
    this.#tellPlugins(changes)
    const stale = this.#parts.modules.loader.stale(changes)
    const wanted = this.entries.filter((entry) => stale.entries.has(entry))
    await Promise.all(wanted.map((entry) => this.#renew(entry, stale.entries.get(entry) ?? [])))
    this.#retarget()
  }

  /** Renews what was edited between its load and the first watch. */
  async #catchUp(): Promise<void> {
    const { loader } = this.#parts.modules
    await Promise.all(
      this.entries.map(async (entry) => {
        if (this.#parts.registry.find(entry) === undefined) return
        const { because } = await loader.explain(entry)
        if (because.length > 0)
          await this.#renew(
            entry,
            because.map(({ subject }) => subject),
          )
      }),
    )
    this.#retarget()
  }

  #tellPlugins(changes: ChangeSet): void {
    const events = { added: 'create', changed: 'update', removed: 'delete' } as const
    for (const [file, kind] of changes.changes) {
      this.#parts.modules.plugins().watchChange(file, events[kind])
    }
  }

  async #renew(entry: RelPath, changes: readonly RelPath[]): Promise<void> {
    const startedAt = this.#parts.modules.clock.elapsed()
    const live = this.#parts.registry.find(entry)
    const report = live === undefined ? await this.#heal(entry) : await live.reloadToEnd()
    if (report.outcome === 'superseded') return
    const durationMs = this.#parts.modules.clock.elapsed() - startedAt
    this.#hub.channel('report').emit({ ...told(report), entry, changes, durationMs })
  }

  /** Loads an entry that has never been live. */
  async #heal(entry: RelPath): Promise<Told> {
    try {
      const file = fromRelPath(this.#parts.root, entry)
      const module = await this.#parts.registry.load(file, {})
      return { outcome: 'healed', generation: module.generation }
    } catch (thrown) {
      return { outcome: 'failed', generation: 0, error: asLoadError(entry, thrown) }
    }
  }
}

type Told = Pick<WatchReport, 'outcome' | 'generation' | 'error'>

function told(report: Told | Exclude<ReloadReport, { outcome: 'superseded' }>): Told {
  if ('to' in report) return { outcome: report.outcome, generation: report.to }
  if ('error' in report && report.error !== undefined) {
    return { outcome: report.outcome, generation: report.generation, error: report.error }
  }
  return { outcome: report.outcome, generation: report.generation }
}
