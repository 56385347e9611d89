/** A step that failed: the name it was registered with, and what it threw. */
export interface DisposalFailure {
  readonly name: string
  readonly error: unknown
}

/**
 * Collects what has to be stopped and stops it in reverse order of registration.
 *
 * Every step runs even when an earlier one fails; the failures are returned, not thrown, because
 * the end of a system must reach its end.
 */
export class Disposal {
  readonly #steps: { readonly name: string; readonly stop: () => void | Promise<void> }[] = []
  #running: Promise<DisposalFailure[]> | undefined

  /** Registers a step; returns the function that takes it out again. */
  add(name: string, stop: () => void | Promise<void>): () => void {
    const step = { name, stop }
    this.#steps.push(step)
    return () => {
      const index = this.#steps.indexOf(step)
      if (index >= 0) this.#steps.splice(index, 1)
    }
  }

  /**
   * Runs every step once, last registered first.
   *
   * A call while the steps run joins them, because two runs would break the order; a call after
   * them has nothing left to do.
   */
  run(): Promise<readonly DisposalFailure[]> {
    this.#running ??= this.#runSteps().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #runSteps(): Promise<DisposalFailure[]> {
    const failures: DisposalFailure[] = []
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- the order is the point
        await step.stop()
      } catch (error) {
        failures.push({ name: step.name, error })
      }
    }
    return failures
  }
}
