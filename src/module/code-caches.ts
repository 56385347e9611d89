import type { Clock, Scheduled } from '../base/clock.ts'
import type { Artifact } from '../bundle/artifact.ts'
import type { Evaluator } from '../evaluate/evaluator.ts'
import type { Generation } from '../evaluate/generation.ts'
import type { Loader } from '../load/loader.ts'

/** By then a module has run what it runs at its start, lazily compiled functions included. */
const DELAY_MS = 2_000

/**
 * Makes V8's code caches of new code, after it has run and off the path of loads.
 *
 * Serialising takes milliseconds, so at most one is made in a turn of the event loop. `flush()`
 * makes the waiting ones at once: what ends before the delay still starts faster next time.
 */
export class CodeCaches {
  readonly #parts: {
    readonly clock: Clock
    readonly loader: Pick<Loader, 'storeCodeCache'>
    readonly evaluator: Pick<Evaluator, 'createCodeCache'>
  }
  readonly #waiting = new Map<Generation, Artifact>()
  #timer: Scheduled | undefined

  constructor(parts: {
    readonly clock: Clock
    readonly loader: Pick<Loader, 'storeCodeCache'>
    readonly evaluator: Pick<Evaluator, 'createCodeCache'>
  }) {
    this.#parts = parts
  }

  /** Asks for the code cache of a generation that serves and was compiled without one. */
  want(generation: Generation, artifact: Artifact): void {
    this.#waiting.set(generation, artifact)
    this.#timer ??= this.#parts.clock.schedule(() => this.#next(), DELAY_MS)
  }

  /** Lets go of a generation that retires. */
  forget(generation: Generation): void {
    this.#waiting.delete(generation)
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting.size
  }

  async flush(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    await Promise.all(waiting.map(([generation, artifact]) => this.#make(generation, artifact)))
  }

  #next(): void {
    this.#timer = undefined
    for (const [generation, artifact] of this.#waiting) {
      this.#waiting.delete(generation)
      void this.#make(generation, artifact)
      break
    }
    if (this.#waiting.size > 0) this.#timer = this.#parts.clock.schedule(() => this.#next(), 0)
  }

  async #make(generation: Generation, artifact: Artifact): Promise<void> {
    // A generation that has retired meanwhile has let go of its script.
    const bytes = this.#parts.evaluator.createCodeCache(generation)
    if (bytes !== undefined) await this.#parts.loader.storeCodeCache(artifact, bytes)
  }
}
