import type { Clock } from '../base/clock.ts'
import { withDeadline } from '../base/deadline.ts'

/** What a dispose hook is called with: the object that the successor finds as `hot.data`. */
export type DisposeHook = (data: Record<string, unknown>) => void | Promise<void>

/** `import.meta.hot`. */
export interface Hot {
  /** What the predecessor's dispose hooks left; empty for the first generation. */
  readonly data: Record<string, unknown>
  /** Aborts when this generation retires. */
  readonly signal: AbortSignal
  /** Registers a hook that runs when this generation retires, in order of registration. */
  dispose(hook: DisposeHook): void
  /** Asks for a reload of this module although no file has changed. */
  invalidate(): void
}

/** The side of `import.meta.hot` that the end of a generation works on. */
export class HotState {
  readonly hot: Hot
  #hooks: DisposeHook[] = []

  constructor(data: Record<string, unknown>, signal: AbortSignal, invalidate: () => void) {
    this.hot = {
      data,
      signal,
      dispose: (hook) => {
        if (typeof hook !== 'function') throw new TypeError('hot.dispose() takes a function')
        this.#hooks.push(hook)
      },
      invalidate,
    }
  }

  /**
   * Runs the hooks one after the other, each for `timeoutMs` at most, and forgets them.
   *
   * A hook that throws or lasts too long does not stop the others; what went wrong is returned.
   */
  async dispose(
    clock: Clock,
    timeoutMs: number,
  ): Promise<{ readonly data: Record<string, unknown>; readonly errors: readonly unknown[] }> {
    const data: Record<string, unknown> = {}
    const errors: unknown[] = []
    const hooks = this.#hooks
    this.#hooks = []
    for (const hook of hooks) {
      try {
        await withDeadline(() => hook(data), {
          timeoutMs,
          clock,
          onTimeout: () => new Error(`hot.dispose() hook still runs after ${timeoutMs} ms`),
        })
      } catch (error) {
        errors.push(error)
      }
    }
    return { data, errors }
  }
}
