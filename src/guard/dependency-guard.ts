import type { GuardedCall } from '../base/guard.ts'
import { withDeadline } from '../base/deadline.ts'
import { SingleFlight } from '../base/single-flight.ts'
import { ActiveProbe } from './active-probe.ts'
import { attempt, type Task, type Work } from './attempt.ts'
import type { BreakerExport } from './breaker-export.ts'
import type { Breaker } from './breaker.ts'
import { callFault, NO_OPTIONS } from './check-call.ts'
import type { CircuitState } from './events.ts'
import { enter, type EnterOptions, type HeldCall } from './held-call.ts'
import { isInside } from './nesting.ts'
import type { Verdict } from './outcome.ts'
import { rejectSoon } from './reject-soon.ts'
import { RetryBudget } from './retry-budget.ts'
import { retrying } from './retry.ts'
import type { GuardSettings } from './settings.ts'
import { guardSnapshot, type GuardSnapshot } from './snapshot.ts'
import { GuardStages, isBad, type GuardParts } from './stages.ts'
import { untilDeadline } from './until-deadline.ts'

/**
 * Stands between one owner and one dependency:
 * `fallback( coalesce( retry+budget( breaker( rate( bulkhead( timeout( call )))))))`.
 *
 * A call inside a task of the same guard passes through, or a probe that contains the guard would
 * refuse itself for ever.
 */
export class DependencyGuard {
  readonly #stages: GuardStages
  readonly #budget: RetryBudget
  /** Of the half-open time that is now, or was last. */
  #probe: ActiveProbe | undefined
  #flights: SingleFlight<unknown> | undefined

  constructor(parts: GuardParts, settings: GuardSettings) {
    this.#stages = new GuardStages(parts, settings, (to) => this.#entered(to))
    this.#budget = new RetryBudget(settings.retry, parts.clock)
  }

  get owner(): string {
    return this.#stages.parts.owner
  }

  get dependency(): string {
    return this.#stages.parts.dependency
  }

  get settings(): GuardSettings {
    return this.#stages.settings
  }

  get breaker(): Pick<Breaker, 'state' | 'mode' | 'generation' | 'isRested'> {
    return this.#stages.breaker
  }

  /** Whether no call runs or waits. */
  get isIdle(): boolean {
    return this.#stages.places.inflight === 0 && this.#stages.queued === 0
  }

  /**
   * Runs a task against the dependency; a task admitted without waiting is started synchronously.
   *
   * @throws SOMON_GUARD_OPEN, _ISOLATED, _FULL, _RATE_LIMITED, _TIMEOUT, _DISPOSED; the reason of
   *   `call.signal`; what the task throws; TypeError and RangeError for arguments that make no
   *   sense, which starts, counts and asks nothing
   */
  call<T>(task: Task<T>, call: GuardedCall = NO_OPTIONS): Promise<T> {
    const fault = callFault(this.dependency, task, call)
    if (fault !== undefined) return rejectSoon(fault)
    const { nesting, functions, clock } = this.#stages.parts
    if (isInside(this.#stages, nesting.getStore())) return plainly(task, call)
    const { deadlineMs } = call
    const fallback = functions?.fallback
    const deadlineAt = deadlineMs === undefined ? undefined : clock.elapsed() + deadlineMs
    const result =
      deadlineMs === undefined
        ? this.#effort(task, call, undefined)
        : this.#inTime(call, deadlineMs, (own, at) => this.#effort(task, own, at))
    if (fallback === undefined) return result
    return result.catch((error: unknown) =>
      this.#fallBack(error, () => {
        if (deadlineMs === undefined || deadlineAt === undefined) return fallback(error)
        return this.#inTimeLeft(() => fallback(error), { error, deadlineMs, deadlineAt })
      }),
    )
  }

  /**
   * As `call()`, but neither shared between callers nor answered by the fallback: for edges, whose
   * callers wait for an answer of the dependency itself. Calls inside the task do not pass: an edge
   * has to tell them apart itself.
   */
  send<T>(task: Task<T>, call: GuardedCall = NO_OPTIONS): Promise<T> {
    const fault = callFault(this.dependency, task, call)
    if (fault !== undefined) return rejectSoon(fault)
    if (isInside(this.#stages, this.#stages.parts.nesting.getStore())) return plainly(task, call)
    const { deadlineMs } = call
    const isUnmarked = true
    if (deadlineMs === undefined) return this.#attempts({ task, call, isUnmarked }, undefined)
    return this.#inTime(call, deadlineMs, (own, at) =>
      this.#attempts({ task, call: own, isUnmarked }, at),
    )
  }

  /**
   * Admits a call that runs already, for edges that can neither wait nor hand over a task.
   *
   * @returns undefined inside a task of this guard: the call has to pass untouched; an error
   *   (SOMON_GUARD_OPEN, _ISOLATED, _FULL, _RATE_LIMITED, _DISPOSED) when it is refused; else the
   *   call, which has to be ended
   * @throws TypeError, RangeError for options that make no sense
   */
  enter(options?: EnterOptions): HeldCall | Error | undefined {
    return enter(this.#stages, options)
  }

  /**
   * Counts a failure that came to light after its call had ended well, like a body that broke.
   *
   * @param generation - `breaker.generation` when the call ended; the failure of an earlier one is
   *   stale
   */
  recordFailure(error: unknown, generation: number): void {
    this.#stages.recordFailure(error, generation)
  }

  snapshot(): GuardSnapshot {
    const { breaker, places, queued, settings, log } = this.#stages
    return guardSnapshot(breaker, {
      ...{ owner: this.owner, dependency: this.dependency, queued },
      inflight: places.inflight,
      limit: places.limit,
      totals: log.totals,
      latency: log.latency,
      retryBudget: this.#budget.balance,
      windowMs: settings.breaker.windowMs,
    })
  }

  /** Takes other settings; running calls keep their timeout, no sample is lost. */
  configure(settings: GuardSettings): void {
    this.#budget.configure(settings.retry)
    this.#stages.configure(settings)
  }

  open(): void {
    this.#stages.breaker.open()
  }

  close(): void {
    this.#stages.breaker.close()
  }

  /** Closes an open circuit because the dependency is known to be well, and no probe will come. */
  recovered(): void {
    const { breaker, isDisposed } = this.#stages
    if (!isDisposed && breaker.state !== 'closed') breaker.close('probes-succeeded')
  }

  /** @param by - who does it, for the event `guard.mode`; so below */
  reset(by?: string): void {
    this.#stages.breaker.reset(by)
  }

  isolate(by?: string): void {
    this.#stages.isolate(by)
  }

  disable(by?: string): void {
    this.#stages.breaker.disable(by)
  }

  enable(by?: string): void {
    this.#stages.breaker.enable(by)
  }

  export(): BreakerExport {
    return this.#stages.breaker.export()
  }

  /**
   * Goes on where another guard was exported; calls that run now will not count.
   *
   * @param exported - what `export()` returned, which may have been through JSON
   * @throws SOMON_GUARD_NOT_AN_EXPORT for anything else, and then changes nothing
   */
  import(exported: unknown): void {
    this.#stages.import(exported)
  }

  /** Refuses who waits and every later call, and ends all timers; running calls go on. */
  dispose(): void {
    this.#probe?.stop()
    this.#stages.dispose()
  }

  /** Whether and how to probe is asked anew at each half-open time: it may be set by then. */
  #entered(to: CircuitState): void {
    this.#probe?.stop()
    const { clock, functions } = this.#stages.parts
    const task = to === 'half-open' ? functions?.probe : undefined
    if (task === undefined) return
    this.#probe = new ActiveProbe({
      ...{ clock, breaker: this.#stages.breaker },
      attempt: (signal) => attempt(this.#stages, { task, call: { signal }, isUnawaited: true }),
    })
    this.#probe.start()
  }

  /** A fallback that throws the error on has none for it; anything else it throws is a fault. */
  async #fallBack<T>(error: unknown, fallback: () => unknown): Promise<T> {
    this.#stages.log.fallback()
    try {
      return (await fallback()) as T
    } catch (thrown) {
      if (thrown !== error) this.#stages.log.fault('fallback', thrown)
      throw thrown
    }
  }

  /**
   * Runs a fallback for as long as its caller still waits; one that needs no time has its turn even
   * when the deadline was what went wrong.
   */
  #inTimeLeft(
    fallback: () => unknown,
    { error, deadlineMs, deadlineAt }: { error: unknown; deadlineMs: number; deadlineAt: number },
  ): Promise<unknown> {
    const { parts, errors } = this.#stages
    const { clock } = parts
    const leftMs = deadlineAt - clock.elapsed()
    return withDeadline(fallback, {
      ...{ clock, keepsAlive: true, timeoutMs: Math.max(1, leftMs) },
      onTimeout: () => (leftMs > 0 ? errors.timedOut(deadlineMs, 'deadline') : (error as Error)),
    })
  }

  #inTime<T>(
    call: GuardedCall,
    deadlineMs: number,
    effort: (call: GuardedCall, deadlineAt: number) => Promise<T>,
  ): Promise<T> {
    const { signal } = call
    if (signal?.aborted === true) return rejectSoon(this.#stages.goneBefore(signal))
    const { parts, errors } = this.#stages
    const { clock } = parts
    const deadlineAt = clock.elapsed() + deadlineMs
    return untilDeadline((own) => effort({ ...call, signal: own }, deadlineAt), {
      ...{ deadlineMs, clock, signal },
      makeError: () => errors.timedOut(deadlineMs, 'deadline'),
    })
  }

  /**
   * An effort that is shared has no deadline: its callers leave it one by one, each at its own
   * deadline, `timeoutMs` or abort. Its attempts have the longest of two timeouts, the guard's and
   * that of the caller who began it.
   */
  #effort<T>(task: Task<T>, call: GuardedCall, deadlineAt: number | undefined): Promise<T> {
    const { flightKey, signal, timeoutMs = 0 } = call
    if (flightKey === undefined) return this.#attempts({ task, call }, deadlineAt)
    if (signal?.aborted === true) return rejectSoon(this.#stages.goneBefore(signal))
    const { settings, parts, errors } = this.#stages
    const flights = (this.#flights ??= new SingleFlight())
    const longestMs = longerMs(call.timeoutMs ?? settings.timeoutMs, settings.timeoutMs)
    const effort = (own: AbortSignal): Promise<T> =>
      this.#attempts({ task, call: { ...call, timeoutMs: longestMs, signal: own } }, undefined)
    const join = (own: AbortSignal | undefined): Promise<T> =>
      flights.run(flightKey, effort, own) as Promise<T>
    if (timeoutMs === 0) return join(signal)
    return untilDeadline(join, {
      ...{ deadlineMs: timeoutMs, clock: parts.clock, signal },
      makeError: () => errors.timedOut(timeoutMs),
    })
  }

  #attempts<T>(work: Omit<Work<T>, 'onFailed'>, deadlineAt: number | undefined): Promise<T> {
    const { retry } = this.#stages.settings
    if (retry.max === 0) return attempt(this.#stages, work)
    const { call } = work
    const { parts, log } = this.#stages
    const { clock, random } = parts
    // Of the last attempt: what did not run, as a refusal, is not asked about.
    let verdict: Verdict | undefined
    const onFailed = (_error: unknown, own: Verdict): void => {
      verdict = own
    }
    return retrying(() => attempt(this.#stages, { ...work, onFailed }), {
      ...{ max: retry.max, budget: this.#budget, clock, random, signal: call.signal },
      deadlineAt,
      idempotent: call.idempotent === true,
      isFailure: () => verdict !== undefined && isBad(verdict),
      retryAfterMs: () => verdict?.retryAfterMs,
      onRetry: (index, result) => log.retry(index, result),
    })
  }
}

/** Of two timeouts, 0 being none. */
function longerMs(one: number, other: number): number {
  return one === 0 || other === 0 ? 0 : Math.max(one, other)
}

/** The guard is around this call already. */
async function plainly<T>(task: Task<T>, { signal }: GuardedCall): Promise<T> {
  return task(signal ?? new AbortController().signal)
}
