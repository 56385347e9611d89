import { EventHub, type Unsubscribe } from '../base/events.ts'
import { checkSubscription } from '../base/known-event.ts'
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
 * Every stale entry is a transaction of its own: a faulty one keeps its old code while the others
 * swap. A newer change supersedes the reload that an older one has begun.
 */
export async function openWatchSession(parts: WatchSessionParts): Promise<WatchSession> {
  const session = new Session(parts)
  await session.start()
  return session
}

class Session implements WatchSession {
  readonly #parts: WatchSessionParts
  readonly #hub = new EventHub<{ report: WatchReport }>()
  /** Renewals under way; they never reject. */
  readonly #work = new Set<Promise<void>>()
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
      const check: GenerationCheck = (namespace, generation, signal) =>
        this.#isOurs(generation.module) ? verify(namespace, generation, signal) : undefined
      modules.checks.add(check)
      this.#leave.push(() => modules.checks.delete(check))
    }
    this.#leave.push(
      watcher.onChange((changes) => this.#handle(changes)),
      registry.onLoaded(() => this.#retarget()),
    )
    this.#retarget()
    await watcher.ready()
    this.#catchUp()
  }

  on(name: 'report', listener: (report: WatchReport) => void): Unsubscribe {
    checkSubscription(name, listener, ['report'])
    return this.#hub.on(name, listener)
  }

  async settled(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work)
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

  #isOurs(entry: RelPath): boolean {
    return this.#parts.entries?.includes(entry) ?? true
  }

  /**
   * Renews an entry beside whatever else is under way: a reload that hangs delays no other entry,
   * and a newer change of the same entry supersedes the older one.
   */
  #begin(entry: RelPath, changes: () => Promise<readonly RelPath[]> | readonly RelPath[]): void {
    const work = this.#renew(entry, changes)
      .catch((thrown: unknown) => this.#tellFailure(entry, thrown))
      .finally(() => {
        this.#work.delete(work)
        this.#retarget()
      })
    this.#work.add(work)
  }

  #retarget(): void {
    if (this.#closed !== undefined) return
    this.#parts.watcher.watch(this.#parts.modules.loader.watchTargets(this.entries))
  }

  #handle(changes: ChangeSet): void {
    if (this.#closed !== undefined) return
    this.#tellPlugins(changes)
    const stale = this.#parts.modules.loader.stale(changes)
    for (const entry of this.entries) {
      const causes = stale.entries.get(entry)
      if (causes !== undefined) this.#begin(entry, () => causes)
    }
  }

  /** Renews what was edited between its load and the first watch. */
  #catchUp(): void {
    const { loader } = this.#parts.modules
    for (const entry of this.entries) {
      if (this.#parts.registry.find(entry) === undefined) continue
      this.#begin(entry, async () => {
        const { because } = await loader.explain(entry)
        return because.length === 0 ? NOT_STALE : because.map(({ subject }) => subject)
      })
    }
  }

  #tellPlugins(changes: ChangeSet): void {
    const events = { added: 'create', changed: 'update', removed: 'delete' } as const
    for (const [file, kind] of changes.changes) {
      this.#parts.modules.plugins().watchChange(file, events[kind])
    }
  }

  async #renew(
    entry: RelPath,
    findChanges: () => Promise<readonly RelPath[]> | readonly RelPath[],
  ): Promise<void> {
    const startedAt = this.#parts.modules.clock.elapsed()
    const changes = await findChanges()
    if (changes === NOT_STALE) return
    const live = this.#parts.registry.find(entry)
    const report = live === undefined ? await this.#heal(entry) : await live.reloadToEnd()
    if (report.outcome === 'superseded') return
    const durationMs = this.#parts.modules.clock.elapsed() - startedAt
    this.#hub.channel('report').emit({ ...told(report), entry, changes, durationMs })
  }

  #tellFailure(entry: RelPath, thrown: unknown): void {
    if (this.#closed !== undefined) return
    const generation = this.#parts.registry.find(entry)?.generation ?? 0
    const error = asLoadError(entry, thrown)
    const facts = { entry, outcome: 'failed', changes: [], durationMs: 0 } as const
    this.#hub.channel('report').emit({ ...facts, generation, error })
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

/** What the search for changes answers when there is none. */
const NOT_STALE: readonly RelPath[] = Object.freeze([])

type Told = Pick<WatchReport, 'outcome' | 'generation' | 'error'>

function told(report: Told | Exclude<ReloadReport, { outcome: 'superseded' }>): Told {
  if ('to' in report) return { outcome: report.outcome, generation: report.to }
  if ('error' in report && report.error !== undefined) {
    return { outcome: report.outcome, generation: report.generation, error: report.error }
  }
  return { outcome: report.outcome, generation: report.generation }
}
