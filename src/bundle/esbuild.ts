import type * as EsbuildModule from 'esbuild'
import type {
  BuildContext,
  BuildFailure,
  BuildOptions,
  BuildResult,
  Loader,
  Message,
  Metafile,
  OutputFile,
  Plugin,
} from 'esbuild'
import type { EventChannel } from '../base/events.ts'
import { readRssBytes, spawnService } from './esbuild-process.ts'
import type { BundleEvents } from './events.ts'

/** esbuild's plugin type, as the rest of the code knows it. */
export type EsbuildPlugin = Plugin
/** The options of one build. */
export type EsbuildOptions = BuildOptions
/** The name of a loader, such as `ts`. */
export type EsbuildLoader = Loader
/** What a build with errors rejects with; see `isEsbuildFailure`. */
export type EsbuildFailure = BuildFailure
/** An error or a warning; its columns count bytes of UTF-8 from 0. */
export type EsbuildMessage = Message
/** Inputs and outputs of a build, as esbuild lists them. */
export type EsbuildMetafile = Metafile
/** One output that was kept in memory. */
export type EsbuildOutputFile = OutputFile

/** What a build made; `outputFiles` is empty when esbuild wrote the files itself. */
export interface EsbuildResult {
  readonly metafile: Metafile
  readonly outputFiles: readonly OutputFile[]
  readonly warnings: readonly Message[]
}

/** What an `EsbuildService` is made of. */
export interface EsbuildParts {
  /** Read at each use, so that they may change while the service runs. */
  readonly limits: { readonly serviceMaxRssBytes: number; readonly hotContexts: number }
  readonly recycled: EventChannel<BundleEvents['bundle.service-recycled']>
  /** The environment that the service inherits; two variables are set in it while it starts. */
  readonly env: NodeJS.ProcessEnv
  /** Where memory cannot be read this returns undefined, and builds are counted instead. */
  readonly rssOf?: (pid: number) => number | undefined
}

/** A kept build context; whoever makes its options may attach what the next rebuild needs. */
export interface HotBuild<Session> {
  readonly options: EsbuildOptions
  readonly session: Session
}

/** Reading the memory takes 0.06 ms (measured), and so few rebuilds do not add much to it. */
export const REBUILDS_PER_CHECK = 8

/** After how many builds the service is recycled where its memory cannot be read. */
export const BUILDS_PER_SERVICE = 500

/**
 * What is known of the one service esbuild keeps per process.
 *
 * esbuild holds its child in a variable of its own module and `stop()` ends it for everybody, so
 * this is the only state of somon that two systems in a process share: who uses the service, and
 * what is in flight. With it one system's recycling never ends a build of another one.
 */
const service = {
  users: new Set<EsbuildService>(),
  /** Grows with each stop: kept contexts of an earlier service are dead. */
  number: 0,
  /** Set while a service runs. */
  stop: undefined as (() => Promise<void>) | undefined,
  pid: undefined as number | undefined,
  inFlight: 0,
  builds: 0,
}

/**
 * The only door to esbuild: starts its service with the memory settings of its command line, keeps
 * contexts for the few entries being edited, and recycles the service before it grows too large.
 *
 * A service that died (killed for its memory, say) is replaced and the build made again, once.
 */
export class EsbuildService {
  readonly #parts: EsbuildParts
  /** By key, least recently used first. */
  readonly #contexts = new Map<string, KeptContext>()
  readonly #making = new Set<string>()
  /** Rebuilds since the service's memory was last looked at. */
  #unchecked = 0
  /** Kept, because asking Node's loader again costs 50 µs. */
  #esbuild: Promise<Esbuild> | undefined
  #recycles = 0

  constructor(parts: EsbuildParts) {
    this.#parts = parts
  }

  get pid(): number | undefined {
    return service.pid
  }

  get contexts(): number {
    this.#dropDeadContexts()
    return this.#contexts.size
  }

  get recycles(): number {
    return this.#recycles
  }

  /** @throws EsbuildFailure when the build has errors */
  async build(options: EsbuildOptions): Promise<EsbuildResult> {
    this.#unchecked = 0
    return this.#inFlight(async (esbuild) => {
      const result = await this.#call(esbuild, () => esbuild.build(complete(options)))
      return asResult(result)
    })
  }

  /**
   * Builds with the kept context of `key`, which skips parsing what has not changed.
   *
   * While that context is busy, or when no context may be kept, it is a plain build.
   *
   * @param make - makes the options when there is no context yet, or when `ready` has refused the
   *   one whose session it is given
   * @param ready - is handed the session before every rebuild, so that plugins can be told what
   *   this rebuild is; false when the context does not serve any more
   */
  async rebuild<Session extends object>(
    key: string,
    make: (refused?: Session) => HotBuild<Session>,
    ready: (session: Session) => boolean,
  ): Promise<EsbuildResult> {
    this.#unchecked += 1
    return this.#inFlight(async (esbuild) => {
      const kept = await this.#context(key, make, ready, esbuild)
      if (kept === undefined) {
        const hot = make()
        ready(hot.session)
        return asResult(await this.#call(esbuild, () => esbuild.build(complete(hot.options))))
      }
      try {
        return asResult(await kept.context.rebuild())
      } finally {
        kept.busy = false
      }
    })
  }

  /** Drops the kept context of a key, also one in use; a later rebuild makes a new one. */
  async forget(key: string): Promise<void> {
    this.#dropDeadContexts()
    const kept = this.#contexts.get(key)
    if (kept === undefined) return
    this.#contexts.delete(key)
    await kept.context.dispose()
  }

  /**
   * Compiles one text and returns the errors: `build` is meant for everything else, because each
   * call costs 0.6 ms, and more under load (docs/notes/esbuild.md).
   */
  async errorsOf(text: string, loader: EsbuildLoader): Promise<readonly EsbuildMessage[]> {
    return this.#inFlight(async (esbuild) => {
      try {
        const options = { loader, format: 'cjs', logLevel: 'silent' } as const
        await this.#call(esbuild, () => esbuild.transform(text, options))
        return []
      } catch (error) {
        if (isEsbuildFailure(error)) return error.errors
        throw error
      }
    })
  }

  /** Stops the service now if it is idle; a later build starts a new one. */
  async recycle(): Promise<void> {
    await stopIfIdle()
  }

  /** Lets go of the service; it stops when nobody else uses it and what is in flight has ended. */
  async close(): Promise<void> {
    const kept = [...this.#contexts.values()].filter((item) => item.service === service.number)
    this.#contexts.clear()
    await Promise.all(kept.map((item) => item.context.dispose()))
    service.users.delete(this)
    if (service.users.size === 0) await stopIfIdle()
  }

  async #inFlight<T>(task: (esbuild: Esbuild) => Promise<T>): Promise<T> {
    service.users.add(this)
    service.inFlight += 1
    try {
      this.#esbuild ??= import('esbuild')
      return await this.#surviving(task, await this.#esbuild)
    } finally {
      service.inFlight -= 1
      if (service.users.size === 0) await stopIfIdle()
      else if (this.#unchecked % REBUILDS_PER_CHECK === 0) await this.#recycleIfLarge()
    }
  }

  async #surviving<T>(task: (esbuild: Esbuild) => Promise<T>, esbuild: Esbuild): Promise<T> {
    const { number } = service
    try {
      return await task(esbuild)
    } catch (error) {
      if (!isServiceGone(error)) throw error
      if (service.number === number) await stopService()
      return await task(esbuild)
    }
  }

  /** Every call that may start the service goes through here; `call` has to be synchronous. */
  #call<T>(esbuild: Esbuild, call: () => Promise<T>): Promise<T> {
    service.builds += 1
    if (service.stop !== undefined) return call()
    service.stop = esbuild.stop
    const limit = this.#parts.limits.serviceMaxRssBytes / 2
    const { result, pid } = spawnService(call, limit, this.#parts.env)
    service.pid = pid
    return result
  }

  /** Returns the context of a key for this caller alone; undefined when somebody works with it. */
  async #context<Session extends object>(
    key: string,
    make: (refused?: Session) => HotBuild<Session>,
    ready: (session: Session) => boolean,
    esbuild: Esbuild,
  ): Promise<KeptContext | undefined> {
    this.#dropDeadContexts()
    const found = this.#contexts.get(key)
    if (found !== undefined) {
      if (found.busy) return undefined
      this.#contexts.delete(key)
      if (ready(found.session as Session)) {
        found.busy = true
        this.#contexts.set(key, found)
        service.builds += 1
        return found
      }
      await found.context.dispose()
    }
    if (this.#parts.limits.hotContexts < 1 || this.#making.has(key)) return undefined
    this.#making.add(key)
    try {
      const { options, session } = make(found?.session as Session | undefined)
      ready(session)
      const context = await this.#call(esbuild, () => esbuild.context(complete(options)))
      const kept: KeptContext = { context, session, service: service.number, busy: true }
      this.#contexts.set(key, kept)
      await this.#trimContexts()
      return kept
    } finally {
      this.#making.delete(key)
    }
  }

  async #trimContexts(): Promise<void> {
    const limit = Math.max(1, this.#parts.limits.hotContexts)
    for (const [key, kept] of this.#contexts) {
      if (this.#contexts.size <= limit) return
      if (kept.busy) continue
      this.#contexts.delete(key)
      await kept.context.dispose()
    }
  }

  #dropDeadContexts(): void {
    for (const [key, kept] of this.#contexts) {
      if (kept.service !== service.number) this.#contexts.delete(key)
    }
  }

  async #recycleIfLarge(): Promise<void> {
    if (service.inFlight > 0 || service.stop === undefined) return
    this.#unchecked = 0
    const rssOf = this.#parts.rssOf ?? readRssBytes
    const rssBytes = service.pid === undefined ? undefined : rssOf(service.pid)
    const tooLarge = rssBytes !== undefined && rssBytes > this.#parts.limits.serviceMaxRssBytes
    const tooOld = rssBytes === undefined && service.builds >= BUILDS_PER_SERVICE
    if (!tooLarge && !tooOld) return
    const { builds } = service
    this.#recycles += 1
    await stopService()
    const { recycled } = this.#parts
    if (recycled.listened) {
      recycled.emit({ reason: tooLarge ? 'memory' : 'builds', rssBytes, builds })
    }
  }
}

type Esbuild = typeof EsbuildModule

interface KeptContext {
  readonly context: BuildContext
  readonly session: object
  readonly service: number
  busy: boolean
}

/** Tells whether something thrown is what esbuild throws for a build with errors. */
export function isEsbuildFailure(thrown: unknown): thrown is EsbuildFailure {
  return thrown instanceof Error && 'errors' in thrown && Array.isArray(thrown.errors)
}

/** esbuild's texts for a child that ended, of 0.28.2 `lib/main.js`: they carry no code. */
function isServiceGone(thrown: unknown): boolean {
  const text = thrown instanceof Error ? thrown.message : ''
  return /The service (?:was stopped|is no longer running)|write EPIPE/.test(text)
}

function complete(options: EsbuildOptions): EsbuildOptions {
  return { ...options, logLevel: 'silent', metafile: true }
}

function asResult(result: BuildResult): EsbuildResult {
  const { metafile, outputFiles, warnings } = result
  if (metafile === undefined) throw new TypeError('Cannot read a build: it has no metafile')
  return { metafile, outputFiles: outputFiles ?? [], warnings }
}

async function stopIfIdle(): Promise<void> {
  if (service.inFlight === 0) await stopService()
}

/** Synchronous up to the stop itself, so that no build can start in a service about to end. */
async function stopService(): Promise<void> {
  const { stop } = service
  if (stop === undefined) return
  service.stop = undefined
  service.pid = undefined
  service.builds = 0
  service.number += 1
  await stop()
}
