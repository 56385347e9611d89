import type { Clock } from '../base/clock.ts'
import { withDeadline } from '../base/deadline.ts'
import { Disposal } from '../base/disposal.ts'
import type { WatchSession } from '../module/watch-session.ts'
import { shutdownTimeout } from './errors.ts'
import type { ShutdownReport } from './module-system-api.ts'
import type { Wired } from './wire.ts'

/** What a system has opened beside its parts. */
export interface OpenedBeside {
  readonly timeoutMs: number | undefined
  readonly sessions: ReadonlySet<WatchSession>
  /** The watch session of `loading.watch`, which may still be opening. */
  readonly opening: Promise<unknown> | undefined
}

/**
 * Ends what a system has started: watch sessions first, then the parts in their order.
 *
 * Never rejects: a step that fails or takes too long is named, and the next one runs.
 */
export async function endSystem(
  wired: Wired,
  { timeoutMs, sessions, opening }: OpenedBeside,
): Promise<ShutdownReport> {
  const startedAt = wired.clock.elapsed()
  const disposed = wired.registry.size
  const disposal = new Disposal()
  const add = (name: string, stop: () => Promise<unknown>): void => {
    disposal.add(name, async () => {
      await within(timeoutMs, startedAt, wired.clock, name, stop)
    })
  }
  for (const [name, stop] of wired.closing.toReversed()) add(name, async () => stop())
  add('opening watch session', async () => opening)
  for (const session of sessions) add('watch session', () => session.close())
  const failures = await disposal.run()
  return { durationMs: wired.clock.elapsed() - startedAt, disposed, failures }
}

/** Runs one step of the shutdown in what is left of the time for all of them. */
function within(
  timeoutMs: number | undefined,
  startedAt: number,
  clock: Clock,
  step: string,
  stop: () => Promise<unknown>,
): Promise<unknown> {
  if (timeoutMs === undefined) return stop()
  return withDeadline(stop, {
    timeoutMs: Math.max(1, timeoutMs - (clock.elapsed() - startedAt)),
    clock,
    onTimeout: () => shutdownTimeout({ step, timeoutMs }),
  })
}
