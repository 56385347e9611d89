import type { Clock } from '../base/clock.ts'
import type { RelPath } from '../base/project-path.ts'
import type { BuildOutcome } from '../bundle/build-outcome.ts'
import { MAX_BATCH } from '../bundle/build-options.ts'
import { loaderClosed, queueFull } from './errors.ts'

/** What a batch is made with. */
export interface BatchParts {
  readonly clock: Clock
  build(
    entries: readonly RelPath[],
    request: { readonly signal: AbortSignal; readonly hot: boolean },
  ): Promise<readonly BuildOutcome[]>
}

/** How much may be built and wait at once; both may change while the batcher runs. */
export interface BatchLimits {
  readonly maxConcurrentBuilds: number
  /** How many entries may wait; builds under way do not count. */
  readonly maxQueued: number
}

/** What became of one entry, and when its build began to read. */
export interface BatchedBuild {
  readonly outcome: BuildOutcome
  /** Wall time before the first input was read: nothing later may be trusted as checked. */
  readonly startedAt: number
  readonly durationMs: number
}

/**
 * Gathers the builds asked for in one turn of the event loop into few.
 *
 * Invariants: a request is in `#queue` or in exactly one running build or settled; at most
 * `maxConcurrentBuilds` builds run; while all places are taken requests gather further, so that
 * a burst becomes ⌈n / 64⌉ builds however it arrives. A request that aborts leaves alone; a
 * build is aborted when nobody waits for any entry of it.
 */
export class BuildBatcher {
  readonly #parts: BatchParts
  #limits: BatchLimits
  #queue: Request[] = []
  #building = 0
  #scheduled = false
  #closed = false
  readonly #running = new Set<Promise<void>>()

  constructor(parts: BatchParts, limits: BatchLimits) {
    this.#parts = parts
    this.#limits = limits
  }

  get queued(): number {
    return this.#queue.length
  }

  get building(): number {
    return this.#building
  }

  set limits(limits: BatchLimits) {
    this.#limits = limits
    this.#schedule()
  }

  /** Resolves with the entry's outcome, failures of the build included. */
  submit(
    entry: RelPath,
    options: { readonly signal: AbortSignal; readonly hot: boolean },
  ): Promise<BatchedBuild> {
    const { signal, hot } = options
    if (this.#closed) return Promise.reject(loaderClosed({ entry }))
    if (signal.aborted) return Promise.reject(signal.reason)
    const { maxQueued } = this.#limits
    if (this.#queue.length >= maxQueued && !this.#canStartNow()) {
      return Promise.reject(queueFull({ entry, maxQueued }))
    }
    const { promise, resolve, reject } = Promise.withResolvers<BatchedBuild>()
    const request: Request = { entry, hot, signal, resolve, reject, onAbort: () => {} }
    request.onAbort = () => this.#leave(request)
    signal.addEventListener('abort', request.onAbort, { once: true })
    this.#queue.push(request)
    this.#schedule()
    return promise
  }

  /** Refuses what waits, lets running builds finish. */
  async close(): Promise<void> {
    this.#closed = true
    for (const request of this.#queue.splice(0)) {
      settle(request)
      request.reject(loaderClosed({ entry: request.entry }))
    }
    await Promise.all(this.#running)
  }

  /** What the next turn will take off the queue does not wait in the sense of `maxQueued`. */
  #canStartNow(): boolean {
    const free = this.#limits.maxConcurrentBuilds - this.#building
    return this.#queue.length < free * MAX_BATCH
  }

  #leave(request: Request): void {
    const index = this.#queue.indexOf(request)
    if (index >= 0) this.#queue.splice(index, 1)
    request.reject(request.signal.reason)
    request.onLeave?.()
  }

  #schedule(): void {
    if (this.#scheduled || this.#queue.length === 0) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#pump()
    })
  }

  #pump(): void {
    while (this.#building < this.#limits.maxConcurrentBuilds) {
      const batch = this.#take()
      if (batch.length === 0) return
      const run = this.#run(batch)
      this.#running.add(run)
      void run.finally(() => {
        this.#running.delete(run)
        this.#schedule()
      })
    }
  }

  /** Takes what can share a build with the request that has waited longest. */
  #take(): Request[] {
    const hot = this.#queue[0]?.hot
    const batch: Request[] = []
    const rest: Request[] = []
    for (const request of this.#queue) {
      const fits = batch.length < MAX_BATCH && request.hot === hot
      ;(fits ? batch : rest).push(request)
    }
    this.#queue = rest
    return batch
  }

  async #run(batch: readonly Request[]): Promise<void> {
    this.#building += 1
    const controller = new AbortController()
    let waiting = batch.length
    for (const request of batch) {
      request.onLeave = () => {
        waiting -= 1
        if (waiting === 0) controller.abort(request.signal.reason)
      }
    }
    const startedAt = this.#parts.clock.now()
    const from = this.#parts.clock.elapsed()
    try {
      const outcomes = await this.#build(batch, controller.signal)
      const durationMs = this.#parts.clock.elapsed() - from
      for (const request of batch) {
        settle(request)
        const outcome = outcomes.get(request.entry)
        if (outcome === undefined) request.reject(new Error(`No outcome for ${request.entry}`))
        else request.resolve({ outcome, startedAt, durationMs })
      }
    } catch (error) {
      for (const request of batch) {
        settle(request)
        request.reject(error)
      }
    } finally {
      this.#building -= 1
    }
  }

  /** An entry may be asked for twice, by a fresh request beside an ordinary one. */
  async #build(
    batch: readonly Request[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<RelPath, BuildOutcome>> {
    const entries = [...new Set(batch.map((request) => request.entry))]
    const outcomes = await this.#parts.build(entries, { signal, hot: batch[0]?.hot ?? false })
    return new Map(outcomes.map((outcome) => [outcome.entry, outcome]))
  }
}

interface Request {
  readonly entry: RelPath
  readonly hot: boolean
  readonly signal: AbortSignal
  readonly resolve: (build: BatchedBuild) => void
  readonly reject: (reason: unknown) => void
  onAbort: () => void
  onLeave?: () => void
}

function settle(request: Request): void {
  request.signal.removeEventListener('abort', request.onAbort)
}
