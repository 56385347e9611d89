import type { PluginContext } from 'somon/plugin'
import { checkAddress, type AddressRules } from './address.ts'
import { Copies, integrityOf } from './copies.ts'
import { RemoteFailure } from './failure.ts'
import { LockFile, type LockedModule } from './lock-file.ts'
import { request } from './request.ts'

/** The options of the plugin, complete: what `remote()` makes of those it is given. */
export interface RemoteSettings extends AddressRules {
  readonly frozen: boolean
  readonly refresh: boolean
  readonly timeoutMs: number
  readonly maxBytes: number
  readonly maxRedirects: number
  readonly ca: string | undefined
}

/** What hooks lend for a fetch. */
export type FetchContext = Pick<PluginContext, 'guard' | 'warn'>

/** Bytes that are what the lock says, with the address they came from. */
export interface RemoteModule {
  readonly url: string
  readonly type: string
  readonly bytes: Buffer
}

/**
 * The remote modules of one project: lock, copies, and the network behind a guard per host.
 *
 * Once a module is locked and copied, the network is not asked again, unless `refresh` is set:
 * then once per build, and a host that is down leaves the last good copy in use.
 */
export class RemoteModules {
  readonly lock: LockFile
  readonly #copies: Copies
  readonly #settings: RemoteSettings
  readonly #flights = new Map<string, Promise<RemoteModule>>()
  readonly #fresh = new Set<string>()

  constructor(lockPath: string, copiesFolder: string, settings: RemoteSettings) {
    this.lock = new LockFile(lockPath)
    this.#copies = new Copies(copiesFolder)
    this.#settings = settings
  }

  async startBuild(): Promise<void> {
    this.#fresh.clear()
    await this.lock.read()
  }

  /** Callers of one address share one effort. */
  get(address: string, context: FetchContext): Promise<RemoteModule> {
    const running = this.#flights.get(address)
    if (running !== undefined) return running
    const flight = this.#find(address, context).finally(() => this.#flights.delete(address))
    this.#flights.set(address, flight)
    return flight
  }

  async #find(address: string, context: FetchContext): Promise<RemoteModule> {
    const url = this.lock.redirect(address) ?? address
    // The rules may be stricter than when the module was locked.
    checkAddress(url, this.#settings)
    const locked = this.lock.module(url)
    const copy = locked && (await this.#copies.get(locked.integrity))
    const kept = locked && copy && { url, type: locked.type, bytes: copy }
    const { frozen, refresh } = this.#settings
    if (frozen && locked === undefined) throw notLocked(address)
    if (kept && (frozen || !refresh || this.#fresh.has(address))) return kept
    try {
      return await this.#fetch(address, refresh && !frozen ? undefined : locked, context)
    } catch (error) {
      if (kept === undefined || !isRetryable(error)) throw error
      context.warn(`The last good copy of "${url}" is used: ${(error as Error).message}`)
      return kept
    }
  }

  /** @param expected - what the lock says, which the host must deliver */
  async #fetch(
    address: string,
    expected: LockedModule | undefined,
    context: FetchContext,
  ): Promise<RemoteModule> {
    const module = await this.#follow(address, context)
    const integrity = integrityOf(module.bytes)
    if (expected !== undefined && expected.integrity !== integrity)
      throw changed(module, expected, integrity)
    await this.#copies.set(integrity, module.bytes)
    const { url, type, bytes } = module
    this.#fresh.add(address).add(url)
    if (expected !== undefined)
      return { url: this.lock.redirect(address) ?? address, type: expected.type, bytes }
    this.lock.add(address, url, { integrity, type, bytes: bytes.length })
    return module
  }

  async #follow(address: string, context: FetchContext): Promise<RemoteModule> {
    const { maxRedirects } = this.#settings
    let url = checkAddress(address, this.#settings)
    for (let hops = 0; hops <= maxRedirects; hops += 1) {
      const answer = await this.#ask(url, context)
      if (answer.kind === 'module') return { url: url.href, type: answer.type, bytes: answer.bytes }
      if (answer.kind === 'refused') throw refused(url, answer.status)
      const target = checkAddress(answer.location, this.#settings, url.href)
      if (url.protocol === 'https:' && target.protocol !== 'https:') throw downgraded(url, target)
      url = target
    }
    throw new RemoteFailure(
      'SOMON_REMOTE_REDIRECTS',
      `Cannot fetch "${address}": it redirects more than ${maxRedirects} times`,
      'Import the address that the redirects end at, or raise maxRedirects',
    )
  }

  #ask(url: URL, context: FetchContext): ReturnType<typeof request> {
    const { timeoutMs, maxBytes, ca } = this.#settings
    return context.guard(
      url.origin,
      (signal) => {
        const limited = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
        return request(url, { maxBytes, ca, signal: limited })
      },
      { timeoutMs, idempotent: true, flightKey: url.href },
    )
  }
}

/** Ours say so themselves; a guard's refusals do as well. */
function isRetryable(error: unknown): boolean {
  return (
    typeof error === 'object' && error !== null && 'retryable' in error && error.retryable === true
  )
}

function notLocked(address: string): RemoteFailure {
  return new RemoteFailure(
    'SOMON_REMOTE_FROZEN',
    `Cannot import "${address}": it is not in the lock file, which is frozen`,
    'Build once without frozen and commit the lock file',
  )
}

function changed(module: RemoteModule, expected: LockedModule, integrity: string): RemoteFailure {
  return new RemoteFailure(
    'SOMON_REMOTE_INTEGRITY',
    `Cannot import "${module.url}": its text has the integrity "${integrity}"; the lock file has "${expected.integrity}"`,
    'Find out why it changed; to accept it, build once with refresh and commit the lock file',
  )
}

function refused(url: URL, status: number): RemoteFailure {
  return new RemoteFailure(
    'SOMON_REMOTE_STATUS',
    `Cannot fetch "${url.href}": its host answered with status ${status}; expected 200`,
    'Correct the address',
  )
}

function downgraded(url: URL, target: URL): RemoteFailure {
  return new RemoteFailure(
    'SOMON_REMOTE_INSECURE',
    `Cannot fetch "${url.href}": it redirects to "${target.href}", which is not encrypted`,
    'Import from a host that stays on https',
  )
}
