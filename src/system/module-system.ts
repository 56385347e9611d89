import { sep } from 'node:path'
import { messageOf } from '../base/error.ts'
import type { Listener, Unsubscribe } from '../base/events.ts'
import { checkSubscription } from '../base/known-event.ts'
import { isModuleUrl } from '../base/project-path.ts'
import type { Artifact } from '../bundle/artifact.ts'
import type { BundleOptions, BundleResult } from '../bundle/output.ts'
import type { Settings } from '../config/settings.ts'
import type { SettingsChanges, SettingsInput } from '../config/sources.ts'
import type { Explanation } from '../load/explanation.ts'
import type { ModuleGraph } from '../load/module-graph.ts'
import { moduleClosed } from '../module/errors.ts'
import { invalidate } from '../module/invalidate.ts'
import type { Module } from '../module/module.ts'
import type { ModuleRegistry } from '../module/module-registry.ts'
import type { InvalidateReport } from '../module/reload-report.ts'
import type { WatchSession } from '../module/watch-session.ts'
import { entriesOf, entryList } from './entry-list.ts'
import { endSystem } from './shutdown.ts'
import { explainImport } from './explain-import.ts'
import type { GuardHandle, GuardOptions } from './guard-handle.ts'
import { eventNames } from './event-names.ts'
import type { SystemEvents } from './events.ts'
import type {
  LoadOptions,
  ModuleSystemApi,
  ProcessFacts,
  ShutdownReport,
  SystemStats,
  ValidateOptions,
  ValidationReport,
  WatchOptions,
} from './module-system-api.ts'
import { LiveSettings } from './live-settings.ts'
import { systemStats } from './stats.ts'
import { MAIN_OWNER, type GuardAction } from './system-guards.ts'
import { wire, type Wired } from './wire.ts'

/**
 * Loads TypeScript at run time, reloads it, and ends what it started.
 *
 * The constructor checks and freezes its options; it reads no file and starts no timer, thread or
 * process. Only without `root` does it look where the nearest package.json lies. Everything else
 * happens at the first operation, which may fail with SOMON_SYSTEM_ROOT_MISSING or
 * SOMON_SYSTEM_PLUGIN_NOT_LOADED. After `shutdown()` every operation fails with
 * SOMON_MODULE_CLOSED.
 *
 * @throws SomonError SOMON_CONFIG_INVALID for unknown or wrong options,
 *   SOMON_CONFIG_NOT_AVAILABLE for options of a later version
 * @example
 *   await using system = new ModuleSystem()
 *   const { exports } = await system.load('./orders.ts')
 */
export class ModuleSystem implements ModuleSystemApi {
  readonly #settings: LiveSettings
  readonly #isProgram: boolean
  #wired: Wired | undefined
  /** Set from the first load to the shutdown: what the warm path needs, and nothing else. */
  #registry: ModuleRegistry | undefined
  #shutdown: Promise<ShutdownReport> | undefined
  readonly #sessions = new Set<WatchSession>()
  /** The session of `loading.watch`, from the first load on. */
  #background: Promise<unknown> | undefined

  constructor(options: SettingsInput = {}, process: ProcessFacts = {}) {
    this.#settings = new LiveSettings(options)
    this.#isProgram = process.isProgram === true
  }

  /** The settings of now: complete, checked and frozen. */
  get settings(): Settings {
    return this.#settings.current
  }

  /**
   * Loads an entry, or returns the module that is live.
   *
   * Not async: the promise of a live module is returned as it is, at the cost of a map lookup.
   *
   * @param entry - a path (relative to the root or absolute), a file URL, a package name, or
   *   the URL of a module that a plugin serves
   * @returns the module; the same object for every caller
   * @throws SomonError SOMON_RESOLVE_NOT_FOUND, SOMON_BUNDLE_FAILED, SOMON_EVALUATE_FAILED,
   *   SOMON_EVALUATE_TIMEOUT, SOMON_MODULE_LOAD_TIMEOUT, SOMON_LOAD_QUEUE_FULL; TypeError for an
   *   entry that is neither a string nor a URL; the reason of the signal
   * @example
   *   const orders = await system.load<typeof import('./orders.ts')>('./orders.ts')
   *   console.log(orders.exports.total([1, 2]))
   */
  load<T = Record<string, unknown>>(
    entry: string | URL,
    options?: LoadOptions,
  ): Promise<Module<T>> {
    const module: Promise<Module<unknown>> =
      this.#registry === undefined
        ? this.#firstLoad(entry, options)
        : this.#registry.load(entry, options)
    return module as Promise<Module<T>>
  }

  /**
   * Loads without a promise what is live, in memory, or valid on disk.
   *
   * @throws SomonError SOMON_LOAD_SYNC_MISS when a build is needed, SOMON_EVALUATE_SYNC_TLA and
   *   SOMON_EVALUATE_SYNC_EXTERNAL for top-level await, SOMON_SYSTEM_PLUGINS_NOT_READY before
   *   `ready()`, SOMON_MODULE_SYNC_REFUSED when a plugin decides before each load
   * @example
   *   await system.compile('./orders.ts')
   *   const { exports } = system.loadSync('./orders.ts')
   */
  loadSync<T = Record<string, unknown>>(entry: string | URL): Module<T> {
    const wired = this.#open()
    wired.guards.install()
    const module: Module<unknown> = wired.registry.loadSync(entry)
    this.#watchInBackground(wired)
    return module as Module<T>
  }

  /**
   * Imports the plugins, so that `loadSync` may come first; every other operation does it itself.
   *
   * @throws SomonError SOMON_SYSTEM_PLUGIN_NOT_LOADED, SOMON_BUNDLE_PLUGIN_INVALID
   * @example
   *   await system.ready()
   */
  async ready(): Promise<void> {
    await this.#ready()
  }

  /**
   * Builds files, as `somon bundle` does; in memory when neither outdir nor outfile is given.
   *
   * @throws SomonError SOMON_BUNDLE_FAILED, SOMON_BUNDLE_OPTION_INVALID,
   *   SOMON_SYSTEM_CLEAN_REFUSED
   * @example
   *   const { outputs } = await system.bundle('./orders.ts', { outdir: 'dist', minify: true })
   */
  async bundle(
    entries: string | readonly string[],
    options: BundleOptions = {},
  ): Promise<BundleResult> {
    const wired = await this.#ready()
    return wired.bundle(entryList(entries), options)
  }

  /**
   * Builds the artifact of an entry and runs nothing.
   *
   * @throws SomonError SOMON_RESOLVE_NOT_FOUND, SOMON_BUNDLE_FAILED, SOMON_LOAD_QUEUE_FULL; the
   *   reason of the signal
   * @example
   *   const { inputs, exports } = await system.compile('./orders.ts')
   */
  async compile(
    entry: string | URL,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Artifact> {
    const { loader } = await this.#ready()
    const { artifact } = await loader.artifact(loader.entryOf(entry), options)
    return artifact
  }

  /**
   * Resolves and builds entries (default: the live ones); findings are returned, not thrown.
   *
   * @throws SomonError SOMON_SYSTEM_TYPESCRIPT_MISSING when types are asked for
   * @example
   *   const { ok, entries } = await system.validate(['./orders.ts'])
   *   for (const { entry, errors } of entries) console.log(ok, entry, errors.length)
   */
  async validate(
    entries?: string | readonly string[],
    options: ValidateOptions = {},
  ): Promise<ValidationReport> {
    const wanted = entries === undefined ? undefined : entryList(entries)
    const { validateEntries } = await import('./validate.ts')
    return validateEntries(await this.#ready(), this.settings, wanted, options)
  }

  /**
   * Reloads what file changes make stale; resolves once no later change can be missed.
   *
   * A change that does not build keeps the old code; the report says so.
   *
   * @throws SomonError SOMON_RESOLVE_NOT_FOUND for an entry that leads nowhere
   * @example
   *   await using session = await system.watch({ debounceMs: 50 })
   *   session.on('report', ({ entry, outcome }) => console.log(entry, outcome))
   */
  async watch(options: WatchOptions = {}): Promise<WatchSession> {
    const wired = await this.#ready()
    const session = await wired.openSession(options, () => this.#sessions.delete(session))
    this.#sessions.add(session)
    if (this.#shutdown === undefined) return session
    await session.close()
    throw closedSystem()
  }

  /**
   * Forgets what memory holds and reloads the live modules concerned.
   *
   * @param pathsOrEntries - entries or files that entries were built from; default everything
   * @throws TypeError for anything else
   * @example
   *   const { reloaded, failed } = await system.invalidate('./orders.ts')
   */
  async invalidate(
    pathsOrEntries?: string | readonly string[],
    options: { readonly reload?: boolean } = {},
  ): Promise<InvalidateReport> {
    const wired = await this.#ready()
    const entries =
      pathsOrEntries === undefined
        ? undefined
        : entriesOf(entryList(pathsOrEntries), wired.loader.graph(), wired.root)
    return invalidate(wired.modules, wired.registry, entries, { reload: options.reload ?? true })
  }

  /**
   * The graph of everything loaded, or of one entry that has been.
   *
   * @throws SomonError SOMON_RESOLVE_NOT_FOUND
   * @example
   *   for (const { path, importers } of system.graph().modules) console.log(path, importers)
   */
  graph(entry?: string): ModuleGraph {
    const { loader } = this.#open()
    return loader.graph(entry === undefined ? undefined : loader.entryOf(entry))
  }

  /**
   * Says how an entry is found, which cache would answer, and what made it stale.
   *
   * @throws SomonError SOMON_RESOLVE_NOT_FOUND
   * @example
   *   const { answeredBy, because } = await system.explain('./orders.ts')
   */
  async explain(entry: string): Promise<Explanation> {
    const { loader, plugins, registry, resolver, root } = await this.#ready()
    const explanation = await loader.explain(loader.entryOf(entry))
    const generations = registry.find(explanation.entry)?.generations() ?? []
    if (!isModuleUrl(explanation.entry)) return { ...explanation, generations }
    const parts = { plugins: plugins.host, resolver }
    const { steps } = await explainImport(parts, explanation.entry, root + sep, 'entry')
    return { ...explanation, generations, resolution: steps }
  }

  /**
   * The guard that the program calls a dependency of its own through.
   *
   * The same name gives the same guard, with the options of the first call that gave some; the
   * settings `guard.dependencies.<name>` win over them. A name is kept for the life of the system:
   * name dependencies, neither users nor requests.
   *
   * @throws SomonError SOMON_CONFIG_INVALID for wrong options, SOMON_GUARD_CONFLICT for other
   *   options than before; TypeError for what cannot be a name, and for options that are no object
   * @example
   *   const payments = system.guard('payments', { timeoutMs: 2_000, retry: { max: 2 } })
   *   const receipt = await payments.call(async (signal) => ({ isPaid: !signal.aborted }))
   *   console.log(receipt.isPaid, payments.state)
   */
  guard(name: string, options: GuardOptions = {}): GuardHandle {
    return this.#open().guards.custom(name, options)
  }

  /**
   * Acts on guards by id (`<owner>:<dependency>`) or by dependency; default all of them. A declared
   * name means all guards that it covers, of all owners or of one (`<owner>:<name>`).
   *
   * @param by - who does it, as the event `guard.mode` tells
   * @returns the ids of those that were acted on
   * @throws SomonError SOMON_GUARD_UNKNOWN; TypeError for another action, and for names that are no
   *   list of texts; before anything is done
   * @example
   *   const ids = system.actOnGuards('reset')
   *   console.log(ids.length)
   */
  actOnGuards(action: GuardAction, names?: readonly string[], by?: string): readonly string[] {
    return this.#open().guards.act(action, names, by)
  }

  /**
   * Changes settings of the running system: those that are given, and only as a whole. `null` for
   * a setting or a section takes back what earlier calls have changed of it.
   *
   * @throws SomonError SOMON_CONFIG_INVALID with every fault, SOMON_CONFIG_NOT_LIVE among them for
   *   settings that are read once; nothing has changed then; TypeError for what is no object
   * @example
   *   system.configure({ guard: { dependencies: { payments: { timeoutMs: '500ms' } } } })
   *   system.configure({ guard: { dependencies: { payments: null } } })
   */
  configure(changes: SettingsChanges): void {
    if (this.#shutdown !== undefined) throw closedSystem()
    this.#settings.change(changes)
    this.#wired?.guards.configure()
  }

  /**
   * The counters of every part at this moment.
   *
   * @example
   *   const { modules, loads } = system.stats()
   */
  stats(): SystemStats {
    return systemStats(this.#wire())
  }

  /**
   * Calls a listener at each event of a name; one that throws disturbs no other.
   *
   * @throws TypeError for a name that is no event
   * @example
   *   const leave = system.on('module.reloaded', ({ module, to }) => console.log(module, to))
   *   leave()
   */
  on<Name extends keyof SystemEvents>(
    event: Name,
    listener: Listener<SystemEvents[Name]>,
  ): Unsubscribe {
    checkSubscription(event, listener, eventNames)
    return this.#wire().hub.on(event, listener)
  }

  /**
   * Ends watch sessions, modules, builds and caches, in this order; idempotent.
   *
   * Never rejects: what fails is named in `failures`.
   *
   * @param options - `timeoutMs` bounds the whole; what is unfinished then is among them
   * @example
   *   const { failures } = await system.shutdown({ timeoutMs: 5_000 })
   */
  shutdown(options: { readonly timeoutMs?: number } = {}): Promise<ShutdownReport> {
    this.#registry = undefined
    this.#shutdown ??= this.#end(options.timeoutMs)
    return this.#shutdown
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown()
  }

  #wire(): Wired {
    this.#wired ??= wire(this.#settings, this.#isProgram ? MAIN_OWNER : undefined)
    return this.#wired
  }

  async #firstLoad(
    entry: string | URL,
    options: LoadOptions | undefined,
  ): Promise<Module<unknown>> {
    const wired = await this.#ready()
    if (this.#shutdown !== undefined) throw closedSystem()
    this.#registry = wired.registry
    wired.guards.install()
    this.#watchInBackground(wired)
    return wired.registry.load(entry, options)
  }

  /** Nobody waits for it: what is edited before it watches is noticed when it begins. */
  #watchInBackground({ hub }: Wired): void {
    if (!this.settings.loading.watch) return
    this.#background ??= this.watch().catch((error: unknown) => {
      if (this.#shutdown !== undefined) return
      hub.channel('watch.failed').emit({ reason: messageOf(error), error })
    })
  }

  #open(): Wired {
    if (this.#shutdown !== undefined) throw closedSystem()
    return this.#wire()
  }

  async #ready(): Promise<Wired> {
    const wired = this.#open()
    if (!wired.plugins.isReady) await wired.plugins.ready()
    return wired
  }

  async #end(timeoutMs: number | undefined): Promise<ShutdownReport> {
    const wired = this.#wired
    if (wired === undefined) return { durationMs: 0, disposed: 0, failures: [] }
    return endSystem(wired, { timeoutMs, sessions: this.#sessions, opening: this.#background })
  }
}

function closedSystem(): Error {
  return moduleClosed({ module: 'ModuleSystem' })
}
