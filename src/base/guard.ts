/** What a call through a guard may say about itself. */
export interface GuardedCall {
  readonly signal?: AbortSignal | undefined
  /**
   * How long one attempt may take, instead of what the guard says; 0 means no limit. Of an effort
   * that is shared it says how long this caller waits.
   */
  readonly timeoutMs?: number
  /** How long the caller waits for all of it: queues, attempts, the waits between, the fallback. */
  readonly deadlineMs?: number
  /** Callers with one key share one effort, which is aborted when the last of them has left. */
  readonly flightKey?: string
  /** Whether a second attempt changes nothing at the dependency that one would not. */
  readonly idempotent?: boolean
}

/**
 * Runs a task against a dependency, the way everything outside the process is called.
 *
 * A task admitted without waiting is started synchronously; the promise is a native one.
 */
export type Guard = <T>(
  dependency: string,
  task: (signal: AbortSignal) => T | PromiseLike<T>,
  call?: GuardedCall,
) => Promise<T>

/** Calls the task and nothing else: for tests and for systems without breakers. */
export const unguarded: Guard = async (_dependency, task, call) =>
  // A signal of its own for each call: one shared by all would gather the listeners of all.
  task(call?.signal ?? new AbortController().signal)
