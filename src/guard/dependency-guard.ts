import type { AsyncLocalStorage } from 'node:async_hooks'
import type { Clock } from '../base/clock.ts'
import type { Emitter, EventChannel } from '../base/events.ts'
import type { GuardedCall } from '../base/guard.ts'
import { SingleFlight } from '../base/single-flight.ts'
import { Breaker, type BreakerExport } from './breaker.ts'
import { Bulkhead, type Slot } from './bulkhead.ts'
import { runWithDeadline } from './deadline.ts'
import type { GuardEvents } from './events.ts'
import { Gradient2 } from './gradient2.ts'
import { GuardErrors } from './guard-errors.ts'
import { classify, okVerdict, type Verdict } from './outcome.ts'
import { RateLimit } from './rate.ts'
import { RetryBudget } from './retry-budget.ts'
import { isRefusal, retrying } from './retry.ts'
import type { GuardSettings } from './settings.ts'
import { guardSnapshot, reportedState, type GuardSnapshot } from './snapshot.ts'
import type { Refusal, Ticket } from './ticket.ts'

/** What runs at this moment inside which guards; the innermost first. */
export interface Nesting {
  readonly guard: DependencyGuard
  readonly outer: Nesting | undefined
}

/** The user's functions of one guard; they live in code only. */
export interface GuardFunctions {
  /** Returns a value in the place of an error; never counts as a success. */
  readonly fallback?: ((error: unknown) => unknown) | undefined
  /** False makes an error an answer of a healthy dependency. */
  readonly isFailure?: ((error: unknown) => boolean) | undefined
}

/** What a guard is made of. */
export interface DependencyGuardParts {
  readonly owner: string
  readonly dependency: string
  readonly clock: Clock
  /** From 0 to below 1. */
  readonly random: () => number
  readonly events: Emitter<GuardEvents>
  /** One for all guards of a system. */
  readonly nesting: AsyncLocalStorage<Nesting>
  readonly functions?: GuardFunctions | undefined
}

type Task<T> = (signal: AbortSignal) => T | PromiseLike<T>

/** One call on its way through the stages. */
interface Work<T> {
  readonly task: Task<T>
  readonly call: GuardedCall
  /** Told of each attempt that failed: nobody else may ask the user's predicate again. */
  readonly onFailed?: (error: unknown, verdict: Verdict) => void
}

/**
 * Stands between one owner and one dependency:
 * `fallback( coalesce( retry+budget( breaker( rate( bulkhead( timeout( call )))))))`.
 *
 * Invariants: every admitted attempt is reported to the breaker exactly once; a refusal from
 * inside the breaker (full, limited) says nothing about the dependency; a slot is held exactly
 * while a task runs, at most `abandonMs` longer than its caller waits; a call inside a task of the
 * same guard passes through, or a probe that contains the guard would refuse itself for ever.
 */
export class DependencyGuard {
  readonly #parts: DependencyGuardParts
  readonly #breaker: Breaker
  readonly #bulkhead: Bulkhead
  readonly #rate: RateLimit
  readonly #budget: RetryBudget
  readonly #flights = new SingleFlight<unknown>()
  readonly #calls: EventChannel<GuardEvents['guard.call']>
  readonly #errors: GuardErrors
  #gradient: Gradient2 | undefined
  #settings: GuardSettings
  #disposed = false

  constructor(parts: DependencyGuardParts, settings: GuardSettings) {
    const { owner, dependency, clock, random, events } = parts
    this.#parts = parts
    this.#settings = settings
    this.#calls = events.channel('guard.call')
    this.#errors = new GuardErrors({ owner, dependency }, () => reportedState(this.#breaker))
    this.#breaker = new Breaker(
      {
        ...{ owner, dependency, clock, random, events },
        onTransition: (to) => {
          if (to === 'open') this.#refuseWaiters(() => this.#opened())
        },
      },
      settings,
    )
    this.#gradient = gradientOf(settings, clock)
    this.#bulkhead = new Bulkhead(this.#limits(), clock, (reason) => this.#errors.full(reason))
    this.#rate = new RateLimit(settings.rate, clock, (retryAfterMs) =>
      this.#errors.limited(retryAfterMs),
    )
    this.#budget = new RetryBudget(settings.retry, clock)
  }

  get owner(): string {
    return this.#parts.owner
  }

  get dependency(): string {
    return this.#parts.dependency
  }

  get settings(): GuardSettings {
    return this.#settings
  }

  get breaker(): Pick<Breaker, 'state' | 'mode' | 'generation' | 'isRested'> {
    return this.#breaker
  }

  /** Whether no call runs or waits. */
  get isIdle(): boolean {
    return this.#bulkhead.inflight === 0 && this.#bulkhead.queued === 0 && this.#rate.queued === 0
  }

  /**
   * Runs a task against the dependency; a task admitted without waiting is started synchronously.
   *
   * @throws SOMON_GUARD_OPEN, _ISOLATED, _FULL, _RATE_LIMITED, _TIMEOUT, _DISPOSED; the reason of
   *   `call.signal`; what the task throws
   */
  call<T>(task: Task<T>, call: GuardedCall = {}): Promise<T> {
    const { nesting, functions } = this.#parts
    if (isInside(this, nesting.getStore())) return plainly(task, call)
    const { flightKey } = call
    const effort =
      flightKey === undefined
        ? this.#attempts(task, call)
        : this.#flights.run(
            flightKey,
            (signal) => this.#attempts(task, { ...call, signal }),
            call.signal,
          )
    const result = effort as Promise<T>
    const fallback = functions?.fallback
    if (fallback === undefined) return result
    return result.catch((error: unknown) => fallback(error) as T)
  }

  snapshot(): GuardSnapshot {
    return guardSnapshot(this.#breaker, {
      ...{ owner: this.owner, dependency: this.dependency },
      inflight: this.#bulkhead.inflight,
      queued: this.#bulkhead.queued + this.#rate.queued,
      limit: this.#bulkhead.limit,
      retryBudget: this.#budget.balance,
      windowMs: this.#settings.breaker.windowMs,
    })
  }

  /** Takes other settings; running calls keep their timeout, no sample is lost. */
  configure(settings: GuardSettings): void {
    const { clock } = this.#parts
    const { bulkhead } = this.#settings
    this.#settings = settings
    if (bulkhead.mode !== settings.bulkhead.mode) this.#gradient = gradientOf(settings, clock)
    else if (this.#gradient !== undefined) this.#gradient.max = settings.bulkhead.max
    this.#bulkhead.configure(this.#limits())
    this.#rate.configure(settings.rate)
    this.#budget.configure(settings.retry)
    this.#breaker.configure(settings)
  }

  open(): void {
    this.#breaker.open()
  }

  close(): void {
    this.#breaker.close()
  }

  reset(): void {
    this.#breaker.reset()
  }

  isolate(): void {
    this.#breaker.isolate()
    this.#refuseWaiters(() => this.#errors.isolated())
  }

  disable(): void {
    this.#breaker.disable()
  }

  enable(): void {
    this.#breaker.enable()
  }

  export(): BreakerExport {
    return this.#breaker.export()
  }

  import(exported: BreakerExport): void {
    this.#breaker.import(exported)
  }

  /** Refuses who waits and every later call, and ends all timers; running calls go on. */
  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    this.#refuseWaiters(() => this.#errors.disposed())
    this.#breaker.dispose()
  }

  #attempts<T>(task: Task<T>, call: GuardedCall): Promise<T> {
    const { retry } = this.#settings
    if (retry.max === 0) return this.#attempt({ task, call })
    const { owner, dependency, clock, random, events } = this.#parts
    const retries = events.channel('guard.retry')
    let failed: { readonly error: unknown; readonly verdict: Verdict } | undefined
    const verdictOn = (error: unknown): Verdict | undefined =>
      failed?.error === error ? failed?.verdict : undefined
    const onFailed = (error: unknown, verdict: Verdict): void => {
      failed = { error, verdict }
    }
    return retrying(() => this.#attempt({ task, call, onFailed }), {
      ...{ max: retry.max, budget: this.#budget, clock, random, signal: call.signal },
      idempotent: call.idempotent === true,
      isFailure: (error) => isBad(verdictOn(error)),
      retryAfterMs: (error) => verdictOn(error)?.retryAfterMs,
      onRetry: (attempt, result) => {
        if (retries.listened) retries.emit({ owner, dependency, attempt, result })
      },
    })
  }

  #attempt<T>(work: Work<T>): Promise<T> {
    if (this.#disposed) return Promise.reject(this.#errors.disposed())
    const admitted = this.#breaker.admit()
    if (!admitted.admitted) return Promise.reject(this.#refusal(admitted))
    const { signal } = work.call
    const from = this.#parts.clock.elapsed()
    try {
      const turn = this.#rate.acquire(signal)
      if (turn !== undefined) return this.#waited(turn, admitted, work, from)
      const slot = this.#slot(signal)
      if (slot instanceof Promise) return this.#waited(slot, admitted, work, from)
      return this.#run(admitted, slot, work, 0)
    } catch (error) {
      return this.#turnedAway(admitted, error)
    }
  }

  /** Goes on after a wait: a circuit that has changed its state meanwhile asks for another ticket. */
  async #waited<T>(
    wait: Promise<Slot | void>,
    ticket: Ticket,
    work: Work<T>,
    from: number,
  ): Promise<T> {
    let slot: Slot | undefined
    try {
      slot = (await wait) ?? undefined
      slot ??= await this.#slot(work.call.signal)
    } catch (error) {
      return this.#turnedAway(ticket, error)
    }
    const queuedMs = this.#parts.clock.elapsed() - from
    const renewed = ticket.renew()
    if (renewed.admitted) return this.#run(renewed, slot, work, queuedMs)
    slot?.release()
    throw this.#refusal(renewed)
  }

  #slot(signal: AbortSignal | undefined): Slot | undefined | Promise<Slot> {
    return this.#settings.bulkhead.mode === 'off' ? undefined : this.#bulkhead.acquire(signal)
  }

  #run<T>(
    ticket: Ticket,
    slot: Slot | undefined,
    { task, call, onFailed }: Work<T>,
    queuedMs: number,
  ): Promise<T> {
    const { clock, nesting, owner, dependency, events } = this.#parts
    const { timeoutMs = this.#settings.timeoutMs, signal } = call
    const startedAt = clock.elapsed()
    const inside: Nesting = { guard: this, outer: nesting.getStore() }
    // Both have to be over: the result is counted before the next call starts in this place.
    let left = 2
    const leave = (): void => {
      left -= 1
      if (left === 0) slot?.release()
    }
    const settle = (verdict: Verdict, error?: unknown): void => {
      this.#settled(ticket, verdict, error, clock.elapsed() - startedAt, queuedMs)
      leave()
    }
    return runWithDeadline((own) => nesting.run(inside, task, own), {
      ...{ timeoutMs, clock, signal, abandonMs: this.#settings.abandonMs },
      onTimeout: () => this.#errors.timedOut(timeoutMs),
      onEnd: (abandoned) => {
        leave()
        const channel = events.channel('guard.abandoned')
        if (abandoned && channel.listened) channel.emit({ owner, dependency })
      },
    }).then(
      (value) => {
        settle(okVerdict(clock.elapsed() - startedAt, this.#settings))
        return value
      },
      (error: unknown) => {
        const verdict = this.#verdictOn(error, clock.elapsed() - startedAt, call)
        onFailed?.(error, verdict)
        settle(verdict, error)
        throw error
      },
    )
  }

  #settled(
    ticket: Ticket,
    verdict: Verdict,
    error: unknown,
    durationMs: number,
    queuedMs: number,
  ): void {
    const stale = ticket.isStale
    if (this.#gradient !== undefined && verdict.outcome !== 'ignored') {
      this.#gradient.sample(durationMs, this.#bulkhead.inflight)
      this.#resize(this.#gradient.limit)
    }
    ticket.report(verdict, error)
    this.#tell(verdict.outcome, { slow: verdict.slow, stale, durationMs, queuedMs })
  }

  #resize(limit: number): void {
    if (limit === this.#bulkhead.limit) return
    this.#bulkhead.resize(limit)
    const { owner, dependency, events } = this.#parts
    const channel = events.channel('guard.limit')
    if (channel.listened) channel.emit({ owner, dependency, limit })
  }

  /** A call that got no place or no token: our overload is not the dependency's failure. */
  #turnedAway(ticket: Ticket, error: unknown): Promise<never> {
    ticket.withdraw()
    const code = codeOfRefusal(error)
    if (code !== undefined) this.#tell(code, NO_TIME)
    return Promise.reject(error)
  }

  #refusal(refusal: Refusal): Error {
    this.#tell(refusal.state === 'isolated' ? 'isolated' : 'open', NO_TIME)
    return this.#errors.refused(refusal)
  }

  #verdictOn(error: unknown, elapsedMs: number, { signal }: GuardedCall): Verdict {
    return classify(error, elapsedMs, {
      settings: this.#settings,
      signal,
      isFailure: this.#parts.functions?.isFailure,
      onFault: (fault) => this.#fault('isFailure', fault),
    })
  }

  #fault(where: string, error: unknown): void {
    const { owner, dependency, events } = this.#parts
    const channel = events.channel('guard.fault')
    if (channel.listened) channel.emit({ owner, dependency, where, error })
  }

  #tell(
    outcome: GuardEvents['guard.call']['outcome'],
    facts: Pick<GuardEvents['guard.call'], 'slow' | 'stale' | 'durationMs' | 'queuedMs'>,
  ): void {
    if (!this.#calls.listened) return
    const { owner, dependency } = this.#parts
    this.#calls.emit({ owner, dependency, outcome, ...facts })
  }

  #limits(): { limit: number; queue: number; queueTimeoutMs: number } {
    const { max, queue, queueTimeoutMs } = this.#settings.bulkhead
    return { limit: this.#gradient?.limit ?? max, queue, queueTimeoutMs }
  }

  #refuseWaiters(makeError: () => Error): void {
    this.#bulkhead.refuseWaiters(makeError)
    this.#rate.refuseWaiters(makeError)
  }

  #opened(): Error {
    const { reason = 'manual', retryAfterMs } = this.#breaker.snapshot()
    return this.#errors.opened(reason, retryAfterMs)
  }
}

const NO_TIME = Object.freeze({ slow: false, stale: false, durationMs: 0, queuedMs: 0 })

/** Whether an error is the dependency's; a refusal has no verdict, and is not. */
function isBad(verdict: Verdict | undefined): boolean {
  return verdict !== undefined && verdict.outcome !== 'ok' && verdict.outcome !== 'ignored'
}

function gradientOf({ bulkhead }: GuardSettings, clock: Clock): Gradient2 | undefined {
  return bulkhead.mode === 'gradient2' ? new Gradient2(bulkhead.max, clock) : undefined
}

function isInside(guard: DependencyGuard, nesting: Nesting | undefined): boolean {
  for (let at = nesting; at !== undefined; at = at.outer) if (at.guard === guard) return true
  return false
}

/** The guard is around this call already. */
async function plainly<T>(task: Task<T>, { signal }: GuardedCall): Promise<T> {
  return task(signal ?? new AbortController().signal)
}

function codeOfRefusal(error: unknown): 'full' | 'limited' | undefined {
  if (!isRefusal(error)) return undefined
  return (error as { code: string }).code === 'SOMON_GUARD_FULL' ? 'full' : 'limited'
}
