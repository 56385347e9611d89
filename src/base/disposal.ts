/**
 * Collects what has to be stopped and stops it in reverse order of registration.
 *
 * Every step runs even when an earlier one fails; the failures are returned, not thrown, because
 * the end of a system must reach its end.
 */
export class Disposal {
  readonly #steps: { readonly name: string; readonly stop: () => void | Promise<void> }[] = []

  /** Registers a step; returns the function that takes it out again. */
  add(name: string, stop: () => void | Promise<void>): () => void {
    const step = { name, stop }
    this.#steps.push(step)
    return () => {
      const index = this.#steps.indexOf(step)
      if (index >= 0) this.#steps.splice(index, 1)
    }
  }

  /** Runs every step once, last registered first; a second call has nothing left to do. */
  async run(): Promise<readonly { readonly name: string; readonly error: unknown }[]> {
    const failures: { name: string; error: unknown }[] = []
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
