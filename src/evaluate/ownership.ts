import type { CallSiteObject } from 'node:util'
import { AsyncLocalStorage, createHook } from 'node:async_hooks'
import type { ChildProcess } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Server } from 'node:net'
import type { Worker } from 'node:worker_threads'
import type { RelPath } from '../base/project-path.ts'
import { traceUnsupported } from './errors.ts'
import { Ledger } from './ledger.ts'

/** `loading.ledger`: what happens at retirement to what a generation started. */
export type LedgerMode = 'dispose' | 'report' | 'trace' | 'off'

/** Stands for a generation in async contexts, which may outlive it; holds nothing of it. */
export interface OwnerToken {
  readonly filename: string
  /** The module that it is a generation of. */
  readonly module: RelPath
}

/** What the mode `trace` has to know of the Node it runs on. */
export interface HookRuntime {
  readonly node: string
  readonly leavesPromisesOut: () => boolean
}

/**
 * Finds the generation that starts a resource.
 *
 * Ownership is exact: the async context must carry the generation's token AND the first frame
 * outside Node must be the generation's own script. Without the second, a connection pool that a
 * library shares between callers would die with whoever called it first.
 *
 * Invariants: subscriptions exist from the first `own()` to `close()`; tokens lead to ledgers
 * weakly; in mode `off` nothing is subscribed and there are no ledgers, but code has an owner all the same:
 * guards ask for it; after `close()` no context is entered.
 */
export class Ownership {
  readonly #mode: LedgerMode
  readonly #contexts = new AsyncLocalStorage<OwnerToken>()
  readonly #ledgers = new WeakMap<OwnerToken, Ledger>()
  readonly #pendingServers = new WeakSet<Server>()
  readonly #traced = new Map<number, Ledger>()
  #stop: (() => void) | undefined
  #closed = false

  /** @throws SomonError SOMON_EVALUATE_TRACE_UNSUPPORTED */
  constructor(mode: LedgerMode, runtime: HookRuntime = THIS_RUNTIME) {
    if (mode === 'trace' && !runtime.leavesPromisesOut()) {
      throw traceUnsupported({ node: runtime.node })
    }
    this.#mode = mode
  }

  get mode(): LedgerMode {
    return this.#mode
  }

  /** Opens the ledger of a generation, in mode `off` none; undefined after `close()`. */
  own(
    filename: string,
    module: RelPath,
  ): { readonly token: OwnerToken; readonly ledger: Ledger | undefined } | undefined {
    if (this.#closed) return undefined
    const token: OwnerToken = Object.freeze({ filename, module })
    if (this.#mode === 'off') return { token, ledger: undefined }
    this.#stop ??= this.#start()
    const ledger = new Ledger(filename)
    this.#ledgers.set(token, ledger)
    return { token, ledger }
  }

  /** Calls `fn` so that what it starts is attributed to the token's generation. */
  run<R>(token: OwnerToken | undefined, fn: () => R): R {
    return token === undefined ? fn() : this.#contexts.run(token, fn)
  }

  /** The module whose code runs, or has called what runs. */
  ownerNow(): RelPath | undefined {
    return this.#contexts.getStore()?.module
  }

  close(): void {
    this.#closed = true
    this.#stop?.()
    this.#stop = undefined
    this.#traced.clear()
  }

  #start(): () => void {
    const stops = [
      ...this.#subscriptions().map(([name, onMessage]) => {
        subscribe(name, onMessage)
        return (): void => void unsubscribe(name, onMessage)
      }),
      this.#watchProcess(),
    ]
    if (this.#mode === 'trace') stops.push(this.#traceEverything())
    return () => {
      for (const stop of stops) stop()
    }
  }

  /** The channels as Node 24 and 26 publish them: synchronously, below the call that starts. */
  #subscriptions(): [name: string, onMessage: (message: unknown) => void][] {
    const settled = (message: unknown): void => {
      this.#pendingServers.delete((message as { server: Server }).server)
    }
    return [
      [
        'tracing:net.server.listen:asyncStart',
        (message) => {
          const { server } = message as { server: Server }
          const ledger = this.#owner()
          if (ledger === undefined) return
          this.#pendingServers.add(server)
          ledger.server(server, this.#pendingServers)
        },
      ],
      ['tracing:net.server.listen:asyncEnd', settled],
      ['tracing:net.server.listen:error', settled],
      [
        'worker_threads',
        (message) => this.#owner()?.worker((message as { worker: Worker }).worker),
      ],
      [
        'child_process',
        (message) => this.#owner()?.child((message as { process: ChildProcess }).process),
      ],
      [
        'udp.socket',
        (message) =>
          this.#owner()?.socket((message as { socket: object & { close(): void } }).socket),
      ],
    ]
  }

  #watchProcess(): () => void {
    const onNewListener = (
      event: string | symbol,
      listener: (...args: unknown[]) => void,
    ): void => {
      this.#owner(callerOfAddListener)?.processListener(event, listener)
    }
    addUncounted(onNewListener)
    return () => process.off('newListener', onNewListener)
  }

  #traceEverything(): () => void {
    const hook = createHook({
      init: (asyncId, type) => {
        const token = this.#contexts.getStore()
        const ledger = token === undefined ? undefined : this.#ledgers.get(token)
        if (ledger === undefined) return
        this.#traced.set(asyncId, ledger)
        ledger.trace(asyncId, type)
      },
      destroy: (asyncId) => {
        this.#traced.get(asyncId)?.untrace(asyncId)
        this.#traced.delete(asyncId)
      },
      ...LEAVE_PROMISES_OUT,
    })
    hook.enable()
    return () => hook.disable()
  }

  /** The ledger of the generation whose script made the call that Node is in, if there is one. */
  #owner(caller: () => string | undefined = callerOfNode): Ledger | undefined {
    const token = this.#contexts.getStore()
    if (token === undefined) return undefined
    const ledger = this.#ledgers.get(token)
    if (ledger === undefined) return undefined
    return caller() === token.filename ? ledger : undefined
  }
}

/** `@types/node` 24.19 does not know the option; Node has it from 24.20 on. */
const LEAVE_PROMISES_OUT: object = { trackPromises: false }

const THIS_RUNTIME: HookRuntime = {
  node: process.version,
  leavesPromisesOut: hooksLeavePromisesOut,
}

/**
 * Listens to `newListener` of the process. Every system has one such listener until it is closed,
 * so many of them are no leak: Node's warning about it is kept out, for this one call.
 */
function addUncounted(
  listener: (event: string | symbol, added: (...args: unknown[]) => void) => void,
): void {
  const limit = process.getMaxListeners()
  const isReached = limit > 0 && process.listenerCount('newListener') >= limit
  if (isReached) process.setMaxListeners(0)
  process.on('newListener', listener)
  if (isReached) process.setMaxListeners(limit)
}

/** The script of the first frame below Node's own: the one that called into Node. */
function callerOfNode(): string | undefined {
  let inNode = false
  for (const site of callSites()) {
    if (site.scriptName.startsWith('node:')) inNode = true
    else if (inNode) return site.scriptName
  }
  return undefined
}

/**
 * The script that called `process.on()` or one of its kin. Between that call and ours may stand a
 * replaced `process.emit` (signal-exit does it, test runners do), so the search starts below
 * Node's own `_addListener`.
 */
function callerOfAddListener(): string | undefined {
  const sites = callSites()
  const at = sites.findIndex((site) => site.functionName === '_addListener')
  return sites.slice(at + 1).find((site) => !site.scriptName.startsWith('node:'))?.scriptName
}

const MAX_FRAMES = 40

/** Probes once whether hooks can leave promises out: older releases ignore the option. */
function hooksLeavePromisesOut(): boolean {
  let promises = 0
  const hook = createHook({
    init: (_asyncId, type) => {
      if (type === 'PROMISE') promises += 1
    },
    ...LEAVE_PROMISES_OUT,
  })
  hook.enable()
  void Promise.resolve().then(() => {})
  hook.disable()
  return promises === 0
}

/** Reached this way because importing node:util costs a start 4 ms (docs/notes/node.md). */
function callSites(): readonly CallSiteObject[] {
  return process.getBuiltinModule('node:util').getCallSites(MAX_FRAMES)
}
