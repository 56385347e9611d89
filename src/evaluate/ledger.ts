import type { ChildProcess } from 'node:child_process'
import type { EventEmitter } from 'node:events'
import type { Server, Socket } from 'node:net'
import type { Worker } from 'node:worker_threads'

/** Numbers by kind of resource: `timer`, `server`, `worker`, `child`, `listener`, `socket`. */
export type ResourceCounts = Readonly<Record<string, number>>

/** What a generation started and how it is ended. */
interface Resource {
  readonly kind: string
  isActive(): boolean
  /** True once nothing can be left of it: it is forgotten. */
  isGone(): boolean
  end(): void | Promise<void>
}

/**
 * What one generation has started: timers, servers, workers, children, process listeners.
 *
 * Invariants: everything is held weakly or by number, so the ledger keeps nothing alive and may be
 * held by anyone; an entry is in `#resources` at most until it is gone, so a generation that lives
 * for months does not collect dead timers.
 */
export class Ledger {
  /** `<absolute entry>?g=<n>`: only what a frame of this script started is owned. */
  readonly filename: string
  #resources = new Set<Resource>()
  #pruneAt = 64
  #ended = false
  #traced: Map<number, string> | undefined

  constructor(filename: string) {
    this.filename = filename
  }

  get listens(): boolean {
    return [...this.#resources].some((entry) => entry.kind === 'server' && entry.isActive())
  }

  /** What is active now, by kind. */
  counts(): ResourceCounts {
    const counts: Record<string, number> = {}
    for (const entry of this.#resources) {
      if (entry.isActive()) counts[entry.kind] = (counts[entry.kind] ?? 0) + 1
    }
    for (const type of this.#traced?.values() ?? []) {
      const kind = `async:${type}`
      counts[kind] = (counts[kind] ?? 0) + 1
    }
    return counts
  }

  /**
   * Ends what is active and waits until servers and workers are gone.
   *
   * Afterwards whatever the generation still starts is ended at once, except one-shot timers: a
   * call that outlived the drain may be waiting for them.
   */
  async sweep(): Promise<{ readonly swept: ResourceCounts; readonly errors: readonly unknown[] }> {
    this.#ended = true
    const swept: Record<string, number> = {}
    const active = [...this.#resources].filter((entry) => entry.isActive())
    this.#resources.clear()
    for (const { kind } of active) swept[kind] = (swept[kind] ?? 0) + 1
    const results = await Promise.allSettled(active.map(async (entry) => entry.end()))
    const errors = results.flatMap((result) => (result.status === 'rejected' ? result.reason : []))
    return { swept, errors }
  }

  /** Records a timer that one of the wrapper's own functions started. */
  timer(handle: unknown, clear: (handle: unknown) => void, once: boolean): void {
    if (this.#ended) {
      if (!once) clear(handle)
      return
    }
    this.#add(timerResource(handle, clear))
  }

  server(server: Server, pending: WeakSet<Server>): void {
    const sockets = new Set<WeakRef<Socket>>()
    const weak = new WeakRef(server)
    // Closed while it looks up its host, a server never begins to listen nor says that it will not.
    server.once('close', () => pending.delete(server))
    server.on('connection', (socket) => trackSocket(sockets, socket))
    this.#add({
      kind: 'server',
      isActive: () => {
        const target = weak.deref()
        return target !== undefined && (target.listening || pending.has(target))
      },
      isGone: () => weak.deref() === undefined,
      end: () => endServer(weak.deref(), sockets),
    })
  }

  socket(socket: object & { close(): void }): void {
    this.#addWeak('socket', socket, {
      isActive: () => true,
      end: (target) => {
        try {
          target.close()
        } catch (error) {
          // A datagram socket has no state to ask; "not running" means that it is closed.
          if (!isNotRunning(error)) throw error
        }
      },
    })
  }

  worker(worker: Worker): void {
    this.#addWeak('worker', worker, {
      isActive: (target) => target.threadId !== -1,
      end: async (target) => {
        await target.terminate()
      },
    })
  }

  child(child: ChildProcess): void {
    this.#addWeak('child', child, {
      isActive: (target) =>
        target.pid !== undefined && target.exitCode === null && target.signalCode === null,
      end: (target) => {
        target.kill()
      },
    })
  }

  processListener(event: string | symbol, listener: (...args: unknown[]) => void): void {
    const emitter: EventEmitter = process
    this.#addWeak('listener', listener, {
      isActive: (target) => emitter.listeners(event).includes(target),
      end: (target) => {
        emitter.off(event, target)
      },
    })
  }

  /** Lists an async resource in mode `trace`; it is never ended on this evidence. */
  trace(asyncId: number, type: string): void {
    this.#traced ??= new Map()
    this.#traced.set(asyncId, type)
  }

  untrace(asyncId: number): void {
    this.#traced?.delete(asyncId)
  }

  #addWeak<T extends object>(
    kind: string,
    target: T,
    ways: { isActive(target: T): boolean; end(target: T): void | Promise<void> },
  ): void {
    const weak = new WeakRef(target)
    this.#add({
      kind,
      isActive: () => {
        const alive = weak.deref()
        return alive !== undefined && ways.isActive(alive)
      },
      isGone: () => weak.deref() === undefined,
      end: () => {
        const alive = weak.deref()
        return alive === undefined ? undefined : ways.end(alive)
      },
    })
  }

  #add(entry: Resource): void {
    if (this.#ended) {
      queueMicrotask(() => void Promise.resolve(entry.end()).catch(() => {}))
      return
    }
    this.#resources.add(entry)
    if (this.#resources.size < this.#pruneAt) return
    for (const other of this.#resources) if (other.isGone()) this.#resources.delete(other)
    this.#pruneAt = Math.max(64, this.#resources.size * 2)
  }
}

/** Node's timers tell whether they have fired; fake timers may be plain numbers. */
function timerResource(handle: unknown, clear: (handle: unknown) => void): Resource {
  if (typeof handle !== 'object' || handle === null) {
    return {
      kind: 'timer',
      isActive: () => true,
      isGone: () => false,
      end: () => clear(handle),
    }
  }
  const weak = new WeakRef(handle)
  const fired = (): boolean => {
    const target = weak.deref()
    return target === undefined || Reflect.get(target, '_destroyed') === true
  }
  return {
    kind: 'timer',
    isActive: () => !fired(),
    isGone: fired,
    end: () => {
      const target = weak.deref()
      if (target !== undefined) clear(target)
    },
  }
}

function trackSocket(sockets: Set<WeakRef<Socket>>, socket: Socket): void {
  const weak = new WeakRef(socket)
  sockets.add(weak)
  socket.once('close', () => sockets.delete(weak))
}

async function endServer(
  server: Server | undefined,
  sockets: ReadonlySet<WeakRef<Socket>>,
): Promise<void> {
  if (server === undefined) return
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => resolve())
  for (const weak of sockets) weak.deref()?.destroy()
  await promise
}

function isNotRunning(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_SOCKET_DGRAM_NOT_RUNNING'
}
