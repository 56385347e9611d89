import { errorMonitor, type EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import type { Clock, Scheduled } from '../../base/clock.ts'
import { codeOf } from '../../base/error.ts'
import type { DependencyGuard } from '../dependency-guard.ts'
import { guardTimeout } from '../errors.ts'
import type { HeldCall } from '../held-call.ts'
import { addressOf, originOf } from '../origin.ts'
import { reportedState, type ReportedState } from '../snapshot.ts'
import type { CoveredAddresses } from './covered.ts'
import type { EdgeHost } from './edge.ts'
import { isTimeoutReason, timedOutBy } from './give-up.ts'
import { refuseDial } from './socket-refusal.ts'
import type { UnsupportedStages } from './unsupported.ts'

/** What a dial is watched for. */
export interface DialParts {
  readonly host: EdgeHost
  readonly covered: CoveredAddresses
  readonly clock: Clock
  readonly unsupported: UnsupportedStages
}

/**
 * One dial of an owner, watched until its socket is connected or closed.
 *
 * Node tells where it goes only at the first `connectionAttempt`, after the look-up of the name; a
 * look-up that fails or hangs counts for all declared ports of that name. Invariants: the guard is
 * entered once at most; no listener is left on the socket after `connect` or `close`; nobody who
 * did not listen for errors is kept from learning of them.
 */
export class Dial {
  readonly #socket: Socket
  readonly #owner: string
  readonly #parts: DialParts
  readonly #hostBefore: unknown
  #hostname: string | undefined
  #lookupTimer: Scheduled | undefined
  #held: HeldCall | undefined
  #attemptedAt: number | undefined
  #isTimedOut = false

  constructor(socket: Socket, owner: string, parts: DialParts) {
    this.#socket = socket
    this.#owner = owner
    this.#parts = parts
    this.#hostBefore = Reflect.get(socket, '_host')
  }

  /** To be called before the socket dials. */
  watch(): void {
    const socket = this.#socket
    socket.on('lookup', this.#onLookup)
    socket.on('connectionAttempt', this.#onAttempt)
    socket.on('timeout', this.#onTimeout)
    // The caller learns of the end later than the guard, however early it has begun to listen.
    socket.prependListener('connect', this.#onConnect)
    emitterOf(socket).on(errorMonitor, this.#onError)
    socket.on('close', this.#onClose)
    // The name is set by then; a socket that dials again still has the one of before.
    queueMicrotask(() => this.#lookingUp(Reflect.get(socket, '_host')))
  }

  /** A look-up that hangs must not outlast the timeout of those that wait for it. */
  #lookingUp(hostname: unknown): void {
    if (hostname === this.#hostBefore || typeof hostname !== 'string') return
    if (this.#attemptedAt !== undefined || this.#socket.destroyed) return
    const shortest = this.#declaredAt(hostname)
      .filter(({ settings }) => settings.timeoutMs > 0)
      .toSorted((a, b) => a.settings.timeoutMs - b.settings.timeoutMs)
      .at(0)
    if (shortest === undefined) return
    const { timeoutMs } = shortest.settings
    this.#lookupTimer = this.#parts.clock.schedule(() => {
      const error = lookupTimeout(shortest, timeoutMs)
      this.#failAll(hostname, error)
      this.#socket.destroy(error)
    }, timeoutMs)
  }

  readonly #onLookup = (
    error: Error | null,
    _ip: unknown,
    _family: unknown,
    hostname: string,
  ): void => {
    this.#lookupTimer?.cancel()
    this.#hostname = hostname
    // Node tells of each address of a name, but of a failure once.
    if (error instanceof Error) this.#failAll(hostname, error)
  }

  /**
   * Whoever waits for a port of that name waits in vain. A guard that admits nobody is not asked:
   * it would count a refusal that nobody gets.
   */
  #failAll(hostname: string, error: Error): void {
    for (const guard of this.#declaredAt(hostname)) {
      if (REFUSING.has(reportedState(guard.breaker))) continue
      const held = guard.enter({ isUnbounded: true })
      if (held !== undefined && !(held instanceof Error)) held.fail(error)
    }
  }

  #declaredAt(hostname: string): readonly DependencyGuard[] {
    return this.#parts.host.declaredTcpAt(plainHost(hostname), this.#owner)
  }

  /** The first one decides for all addresses of a name; without a port it is a Unix socket. */
  readonly #onAttempt = (ip: string, port: number | undefined): void => {
    if (this.#attemptedAt !== undefined) return
    this.#attemptedAt = this.#parts.clock.elapsed()
    const { host } = this.#parts
    const byIp = port === undefined ? ip : withPort(ip, port)
    const byName =
      port === undefined || this.#hostname === undefined ? byIp : withPort(this.#hostname, port)
    const declared = host.declaredTcp(byName, this.#owner) ?? host.declaredTcp(byIp, this.#owner)
    if (declared !== undefined) this.#enter(declared)
    else if (port !== undefined) this.#undeclared(byName, byIp)
    // A Unix socket is dialled within connect(), before anybody can know of the request it is for.
    else process.nextTick(() => this.#undeclared(ip, ip))
  }

  #undeclared(address: string, byIp: string): void {
    const { host, covered } = this.#parts
    if (covered.covers(address) || covered.covers(byIp)) return
    const guard = host.bypassed(this.#owner, { kind: 'tcp', address }, 'socket')
    if (guard !== undefined && this.#socket.connecting) this.#enter(guard)
  }

  #enter(guard: DependencyGuard): void {
    const held = guard.enter({ isUnbounded: true })
    if (held === undefined) return
    if (held instanceof Error) {
      refuseDial(this.#socket, held)
      return
    }
    this.#held = held
    this.#parts.unsupported.tell(guard)
    held.signal.addEventListener('abort', () => this.#socket.destroy(held.signal.reason))
  }

  readonly #onTimeout = (): void => {
    this.#isTimedOut = true
  }

  readonly #onConnect = (): void => {
    this.#held?.ok()
    this.#end()
  }

  readonly #onError = (error: Error): void => {
    if (isOfNetwork(error)) this.#held?.fail(error)
    else this.#givenUp(error)
    this.#end()
  }

  readonly #onClose = (): void => {
    this.#givenUp(undefined)
    this.#end()
  }

  /** Who dialled waits no longer. */
  #givenUp(reason: Error | undefined): void {
    const isTimeout = this.#isTimedOut || isTimeoutReason(reason) || this.#isOverdue()
    if (isTimeout) this.#held?.fail(timedOutBy(reason))
    else this.#held?.ignore()
  }

  /**
   * Whether the server had its time, whatever the caller gave up for: mysql2 ends a dial that it
   * waits for no longer without any reason. After 1 s the first SYN is taken for lost (RFC 6298
   * 2.1), so an answer was due long before.
   */
  #isOverdue(): boolean {
    if (this.#attemptedAt === undefined) return false
    return this.#parts.clock.elapsed() - this.#attemptedAt >= OVERDUE_MS
  }

  #end(): void {
    this.#lookupTimer?.cancel()
    this.#socket.removeListener('lookup', this.#onLookup)
    this.#socket.removeListener('connectionAttempt', this.#onAttempt)
    this.#socket.removeListener('timeout', this.#onTimeout)
    this.#socket.removeListener('connect', this.#onConnect)
    emitterOf(this.#socket).removeListener(errorMonitor, this.#onError)
    this.#socket.removeListener('close', this.#onClose)
  }
}

const OVERDUE_MS = 1000
const REFUSING: ReadonlySet<ReportedState> = new Set(['open', 'isolated'])

/** A socket as what takes listeners under a symbol too. */
function emitterOf(socket: Socket): EventEmitter {
  return socket
}

/** Node's own word on a dial, not an error that somebody destroyed the socket with. */
function isOfNetwork(error: Error): boolean {
  if (error instanceof AggregateError) return true
  return (
    Reflect.get(error, 'syscall') === 'connect' || codeOf(error) === 'ERR_SOCKET_CONNECTION_TIMEOUT'
  )
}

function lookupTimeout(guard: DependencyGuard, timeoutMs: number): Error {
  const { owner, dependency } = guard
  return guardTimeout({
    ...{ owner, dependency, timeoutMs, state: reportedState(guard.breaker) },
    ...{ reason: 'lookup', retryAfterMs: undefined },
  })
}

/** Hosts as origins write them: lower case, no trailing dot, IPv6 in brackets. */
function plainHost(host: string): string {
  return withPort(host, 0).slice(0, -':0'.length)
}

function withPort(host: string, port: number): string {
  const bracketed = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
  const origin = originOf(`http://${bracketed}:${port}`)
  return origin === undefined ? `${host}:${port}` : addressOf(origin)
}
