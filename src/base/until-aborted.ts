/**
 * Waits for a task until `signal` aborts, and then throws the reason of the abort as it is.
 *
 * The task cannot be stopped this way: it goes on for whoever else waits for it, and what it
 * settles with after the abort is dropped.
 */
export async function untilAborted<T>(
  task: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return task
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([promise, task])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
