import type { GuardedCall } from '../base/guard.ts'
import type { Slot } from './bulkhead.ts'
import { runWithDeadline } from './deadline.ts'
import { nest, type Nesting } from './nesting.ts'
import { okVerdict, type Verdict } from './outcome.ts'
import { rejectSoon } from './reject-soon.ts'
import type { GuardStages } from './stages.ts'
import type { Ticket } from './ticket.ts'

/** What a guarded call runs. */
export type Task<T> = (signal: AbortSignal) => T | PromiseLike<T>

/** One call on its way through the stages. */
export interface Work<T> {
  readonly task: Task<T>
  readonly call: GuardedCall
  /**
   * Calls of the task know by themselves that they are inside it. Otherwise what it leaves behind,
   * like a socket, belongs to the guard for ever, and all that its events call would pass.
   */
  readonly isUnmarked?: boolean
  /** Nobody waits for it, as for an active probe: its timeout keeps no process alive. */
  readonly isUnawaited?: boolean
  /** Told of each attempt that failed: nobody else may ask the user's predicate again. */
  readonly onFailed?: (error: unknown, verdict: Verdict) => void
}

/**
 * Runs a task once, `breaker( rate( bulkhead( timeout( task ))))`; without a wait it is started
 * synchronously.
 *
 * A slot is held exactly while the task runs, at most `abandonMs` longer than its caller waits.
 */
export function attempt<T>(stages: GuardStages, work: Work<T>): Promise<T> {
  const { signal } = work.call
  if (signal?.aborted === true) return rejectSoon(stages.goneBefore(signal))
  const ticket = stages.admit()
  if (ticket instanceof Error) return rejectSoon(ticket)
  try {
    const turn = stages.rate.acquire(signal)
    const slot = turn === undefined ? stages.slot(signal) : turn.then(() => stages.slot(signal))
    if (slot instanceof Promise) return waited(stages, slot, ticket, work)
    return run(stages, ticket, slot, work, 0)
  } catch (error) {
    stages.turnedAway(ticket, error, signal)
    return rejectSoon(error)
  }
}

/** Goes on after a wait: a circuit that has changed its state meanwhile asks for another ticket. */
async function waited<T>(
  stages: GuardStages,
  wait: Promise<Slot>,
  ticket: Ticket,
  work: Work<T>,
): Promise<T> {
  const { signal } = work.call
  const from = stages.parts.clock.elapsed()
  let slot: Slot
  try {
    slot = await wait
  } catch (error) {
    stages.turnedAway(ticket, error, signal)
    throw error
  }
  if (signal?.aborted === true) {
    giveBack(stages, slot)
    stages.turnedAway(ticket, signal.reason, signal)
    throw signal.reason
  }
  const renewed = ticket.renew()
  if (renewed.admitted) {
    return run(stages, renewed, slot, work, stages.parts.clock.elapsed() - from)
  }
  giveBack(stages, slot)
  throw stages.refused(renewed)
}

/** The place and the token of a call that does not start. */
function giveBack(stages: GuardStages, slot: Slot): void {
  slot.release()
  stages.rate.giveBack()
}

function run<T>(
  stages: GuardStages,
  ticket: Ticket,
  slot: Slot,
  { task, call, isUnmarked, isUnawaited, onFailed }: Work<T>,
  queuedMs: number,
): Promise<T> {
  const { clock, nesting } = stages.parts
  const { timeoutMs = stages.settings.timeoutMs, signal } = call
  const startedAt = clock.elapsed()
  let inside: Nesting | undefined
  const marked = (own: AbortSignal): T | PromiseLike<T> => {
    inside = nest(stages, nesting.getStore())
    return nesting.run(inside, task, own)
  }
  // Both have to be over: the result is counted before the next call starts in this place.
  let left = 2
  const leave = (): void => {
    left -= 1
    if (left === 0) slot.release()
  }
  return runWithDeadline(isUnmarked === true ? task : marked, {
    ...{ timeoutMs, clock, startedAt, signal, abandonMs: stages.settings.abandonMs },
    // Nothing else may be pending: without its timer a program would end in the middle of its call.
    keepsAlive: isUnawaited !== true,
    onTimeout: () => stages.errors.timedOut(timeoutMs),
    onEnd: (abandoned) => {
      if (inside !== undefined) inside.isOver = true
      leave()
      if (abandoned) stages.log.abandoned()
    },
  }).then(
    (value) => {
      const now = clock.elapsed()
      const durationMs = now - startedAt
      const verdict = okVerdict(durationMs, stages.settings)
      stages.settled(ticket, verdict, undefined, { durationMs, queuedMs, now })
      leave()
      return value
    },
    (error: unknown) => {
      const now = clock.elapsed()
      const durationMs = now - startedAt
      const verdict = stages.verdictOn(error, durationMs, signal)
      onFailed?.(error, verdict)
      stages.settled(ticket, verdict, error, { durationMs, queuedMs, now })
      leave()
      throw error
    },
  )
}
