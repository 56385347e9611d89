/**
 * Waits for SIGINT or SIGTERM; keeps the process alive meanwhile.
 *
 * The handlers leave with the first signal, so a second one ends the process at once, as people
 * expect of a program that takes long to stop.
 */
export async function untilInterrupted(): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>()
  // A signal handler does not keep a process alive; a timer that never fires does.
  const alive = setInterval(() => {}, MAX_TIMER_MS)
  for (const signal of SIGNALS) process.once(signal, resolve)
  const signal = await promise
  clearInterval(alive)
  for (const other of SIGNALS) process.off(other, resolve)
  return signal
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const
const MAX_TIMER_MS = 2 ** 31 - 1
