import type { Clock, Scheduled } from '../base/clock.ts'
import type { Artifact } from '../bundle/artifact.ts'
import type { Evaluator } from '../evaluate/evaluator.ts'
import type { Generation } from '../evaluate/generation.ts'
import type { Loader } from '../load/loader.ts'

/** By then a module has run what it runs at its start, lazily compiled functions included. */
const DELAY_MS = 2_000

/** By then what was written is no longer young, and the next start may trust it. */
const SETTLE_MS = 250

/** What is left to do for a generation that has begun to serve. */
export interface AfterLoadWork {
  readonly artifact: Artifact
  /** V8's code cache is missing, or V8 has rejected it. */
  readonly codeCache: boolean
  /** The source map is wanted, and may be missing. */
  readonly map: boolean
}

/** What the work is done with. */
export interface AfterLoadParts {
  readonly clock: Clock
  readonly loader: Pick<Loader, 'storeCodeCache' | 'settle' | 'map'>
  readonly evaluator: Pick<Evaluator, 'createCodeCache'>
}

/**
 * Makes code caches and source maps of new code, off the path of loads.
 *
 * Serialising code takes milliseconds and a map takes a build, so one generation is served in a
 * turn of the event loop, and one map is made at a time. What fails is made when it is next
 * needed, or never: nothing here is worth an error. A generation that retires is let go at once.
 */
export class AfterLoad {
  readonly #parts: AfterLoadParts
  readonly #waiting = new Map<Generation, AfterLoadWork>()
  readonly #settling = new Set<Scheduled>()
  #timer: Scheduled | undefined
  #working: Promise<unknown> = Promise.resolve()
  #isClosed = false

  constructor(parts: AfterLoadParts) {
    this.#parts = parts
  }

  want(generation: Generation, work: AfterLoadWork): void {
    if (this.#isClosed || (!work.codeCache && !work.map)) return
    this.#waiting.set(generation, work)
    this.#plan(DELAY_MS)
  }

  /** Lets go of a generation that retires. */
  forget(generation: Generation): void {
    this.#waiting.delete(generation)
  }

  /**
   * Makes the waiting code caches at once, so that what ends before the delay still starts faster
   * next time; maps are left. Nothing is made any more afterwards.
   */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#timer?.cancel()
    for (const timer of this.#settling) timer.cancel()
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    const made = waiting.map(([generation, work]) => this.#makeCodeCache(generation, work))
    await Promise.all([this.#working, ...made])
  }

  #plan(delayMs: number): void {
    this.#timer ??= this.#parts.clock.schedule(() => {
      this.#timer = undefined
      this.#working = this.#next().then(() => {
        if (this.#waiting.size > 0 && !this.#isClosed) this.#plan(0)
      })
    }, delayMs)
  }

  async #next(): Promise<void> {
    for (const [generation, work] of this.#waiting) {
      this.#waiting.delete(generation)
      await this.#makeCodeCache(generation, work)
      if (work.map) await this.#parts.loader.map(work.artifact).catch(ignored)
      return
    }
  }

  async #makeCodeCache(generation: Generation, work: AfterLoadWork): Promise<void> {
    if (!work.codeCache) return
    // A generation that has retired meanwhile has let go of its script.
    const bytes = this.#parts.evaluator.createCodeCache(generation)
    if (bytes === undefined) return
    await this.#parts.loader.storeCodeCache(work.artifact, bytes).catch(ignored)
    if (!this.#isClosed) this.#settleLater(work.artifact)
  }

  #settleLater(artifact: Artifact): void {
    const { clock, loader } = this.#parts
    const timer = clock.schedule(() => {
      this.#settling.delete(timer)
      this.#working = this.#working.then(() => loader.settle(artifact)).catch(ignored)
    }, SETTLE_MS)
    this.#settling.add(timer)
  }
}

function ignored(): void {}
