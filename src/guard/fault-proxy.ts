import { connect, type Socket } from 'node:net'
import { systemClock, type Clock } from '../base/clock.ts'
import { faultProxyEnded } from './errors.ts'
import { FaultConnection } from './fault-connection.ts'
import { FaultListener } from './fault-listener.ts'
import { checkedFault, checkOptions, FAULT_KINDS, type Fault, type FaultKind } from './fault.ts'

/** Where a fault proxy listens and where it leads. */
export interface FaultProxyOptions {
  /** The server that the proxy stands before; `port` from 1 to 65,535. */
  readonly upstream: { readonly host: string; readonly port: number }
  /**
   * The address on which the proxy listens; the port is chosen by the system.
   *
   * @default '127.0.0.1'
   */
  readonly host?: string
  /**
   * Numbers from 0 to below 1, for `jitterMs`: a seeded one makes a run repeatable.
   *
   * @default Math.random
   */
  readonly random?: () => number
  /**
   * The time that delays are measured with.
   *
   * @default the clock of the system
   */
  readonly clock?: Clock
}

/** What a fault proxy has seen and done, at one moment. */
export interface FaultProxyStats {
  /** Connections that clients have made. */
  readonly accepted: number
  /** Connections of which a socket is not closed yet. */
  readonly open: number
  /** Connections that were reset because the upstream or a descriptor for them was not to be had. */
  readonly refused: number
  /** Bytes handed on to the upstream; swallowed ones do not count. */
  readonly bytesToUpstream: number
  /** Bytes handed on to clients; swallowed ones do not count. */
  readonly bytesToClient: number
  /** Bytes that the proxy holds now; at most about 1.2 MiB in each direction of a connection. */
  readonly heldBytes: number
  /**
   * To how many connections each fault did something: delayed, throttled, reset, cut, ended late
   * or swallowed a part of it. For `refuse`, how often the port was closed.
   */
  readonly faultsApplied: Readonly<Record<FaultKind, number>>
}

/** A TCP server that hands on everything to its upstream, and does to it what it is told. */
export interface FaultProxy extends AsyncDisposable {
  /** The address on which it listens. */
  readonly host: string
  /** The port on which it listens; the same for its whole life. */
  readonly port: number
  /**
   * Puts a fault in force for new and for running connections, in place of the one before.
   *
   * @throws SomonError SOMON_GUARD_PROXY_OPTION, SOMON_GUARD_PROXY_ENDED
   */
  set(fault: Fault): Promise<void>
  /**
   * Takes the fault away: what was held goes on at once, and the port answers again.
   *
   * @throws SomonError SOMON_GUARD_PROXY_ENDED
   */
  heal(): Promise<void>
  /** Ends all running connections now, with FIN to both sides; the fault stays as it is. */
  cut(): void
  /** Counts since the start. */
  stats(): FaultProxyStats
  /** Closes the port and every connection; resolves when no socket and no timer is left. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Starts a TCP proxy on this machine that makes the faults of a network, for tests.
 *
 * Without a fault it changes nothing: bytes, their order, half-open connections, resets and the
 * pace of a slow reader pass as they are. It knows nothing of what it carries, so HTTP, TLS and
 * databases work alike. The process stays alive until the proxy is disposed.
 *
 * @throws SomonError SOMON_GUARD_PROXY_OPTION
 * @example
 *   await using proxy = await createFaultProxy({ upstream: { host: '127.0.0.1', port: 5432 } })
 *   await proxy.set({ kind: 'latency', ms: 200, jitterMs: 50 })
 *   await connectTo(proxy.host, proxy.port)
 *   await proxy.heal()
 */
export async function createFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  checkOptions(options)
  const proxy = new TcpFaultProxy(options)
  await proxy.start()
  return proxy
}

class TcpFaultProxy implements FaultProxy {
  readonly host: string
  readonly #upstream: { readonly host: string; readonly port: number }
  readonly #random: () => number
  readonly #clock: Clock
  readonly #connections = new Set<FaultConnection>()
  readonly #applied = Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 0])) as Record<
    FaultKind,
    number
  >
  readonly #bytes = { 'to-upstream': 0, 'to-client': 0 }
  #listener: FaultListener | undefined
  #fault: Fault | undefined
  /** The last change of the fault: the next one waits for it. */
  #change: Promise<void> = Promise.resolve()
  #ended: Promise<void> | undefined
  /** Called when the last connection is closed. */
  #onIdle: (() => void) | undefined
  #accepted = 0
  #refused = 0

  constructor({ upstream, host, random, clock }: FaultProxyOptions) {
    this.host = host ?? '127.0.0.1'
    this.#upstream = { host: upstream.host, port: upstream.port }
    this.#random = random ?? Math.random
    this.#clock = clock ?? systemClock
  }

  async start(): Promise<void> {
    this.#listener = await FaultListener.start({
      host: this.host,
      onConnection: (client) => this.#accept(client),
      onError: () => {
        this.#refused += 1
      },
    })
  }

  get port(): number {
    return this.#listener?.port ?? 0
  }

  async set(fault: Fault): Promise<void> {
    const checked = checkedFault(fault)
    await this.#enqueue(checked)
  }

  async heal(): Promise<void> {
    await this.#enqueue(undefined)
  }

  cut(): void {
    for (const connection of this.#connections) connection.cut()
  }

  stats(): FaultProxyStats {
    return {
      accepted: this.#accepted,
      open: this.#connections.size,
      refused: this.#refused,
      bytesToUpstream: this.#bytes['to-upstream'],
      bytesToClient: this.#bytes['to-client'],
      heldBytes: [...this.#connections].reduce((sum, { heldBytes }) => sum + heldBytes, 0),
      faultsApplied: { ...this.#applied },
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#ended ??= this.#end()
    return this.#ended
  }

  #enqueue(fault: Fault | undefined): Promise<void> {
    const change = this.#change.then(() => this.#apply(fault))
    this.#change = change.catch(() => {})
    return change
  }

  async #apply(fault: Fault | undefined): Promise<void> {
    if (this.#ended !== undefined) {
      throw faultProxyEnded({ upstream: `${this.#upstream.host}:${this.#upstream.port}` })
    }
    // First, because connections may come as soon as the port is open.
    this.#fault = fault
    if (fault?.kind === 'refuse') {
      if (this.#listener?.close() === true) this.#applied.refuse += 1
    } else {
      await this.#listener?.open()
    }
    for (const connection of this.#connections) connection.apply(fault)
  }

  #accept(client: Socket): void {
    this.#accepted += 1
    const connection = new FaultConnection({
      client,
      dial: () => connect({ ...this.#upstream, allowHalfOpen: true, noDelay: true }),
      fault: this.#fault,
      clock: this.#clock,
      random: this.#random,
      onPassed: (direction, bytes) => {
        this.#bytes[direction] += bytes
      },
      onMet: (kind) => {
        this.#applied[kind] += 1
      },
      onRefused: () => {
        this.#refused += 1
      },
      onClosed: () => {
        this.#connections.delete(connection)
        if (this.#connections.size === 0) this.#onIdle?.()
      },
    })
    this.#connections.add(connection)
  }

  async #end(): Promise<void> {
    // A change that is under way may be opening the port.
    await this.#change
    const ended = this.#listener?.end()
    for (const connection of this.#connections) connection.destroy()
    await ended
    if (this.#connections.size === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#onIdle = resolve
    await promise
  }
}
