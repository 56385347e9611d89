import type { Clock } from '../base/clock.ts'
import type { Emitter, EventChannel } from '../base/events.ts'
import type { BreakerExport } from './breaker-export.ts'
import type { CircuitState, GuardEvents, TransitionReason } from './events.ts'
import { OpenTime } from './open-time.ts'
import { createEngine, type Engine, type EngineHooks } from './opossum.ts'
import { failureRecord, type FailureRecord, type Verdict } from './outcome.ts'
import { tripReason } from './policy.ts'
import { ProbeRound, type RoundResult } from './round.ts'
import { openMaxMs, type GuardMode, type GuardSettings } from './settings.ts'
import { Ticket, type Refusal, type TakeVerdict, type TicketHost } from './ticket.ts'
import { TransitionLog } from './transition-log.ts'
import { Window, type WindowCounts } from './window.ts'

/** What a breaker is made of. */
export interface BreakerParts {
  readonly owner: string
  readonly dependency: string
  readonly clock: Clock
  /** From 0 to below 1; asked once at each opening. */
  readonly random: () => number
  readonly events: Emitter<GuardEvents>
}

/** What a breaker shows of itself. */
export interface BreakerSnapshot {
  readonly state: CircuitState
  readonly mode: GuardMode
  /** Wall time of the last transition, or of the making. */
  readonly since: number
  /** Why the circuit changed its state last; undefined when it never did. */
  readonly reason: TransitionReason | undefined
  /** How long the circuit stays open from now; 0 when it is not open. */
  readonly retryAfterMs: number
  readonly attempt: number
  /** The last open time; 0 when there was none. */
  readonly openMs: number
  readonly generation: number
  readonly staleCount: number
  readonly lastFailure: FailureRecord | undefined
}

/**
 * Decides for one dependency whether a call may start, from what came of the calls before.
 *
 * Invariants: each transition of the engine adds 1 to the generation, and a ticket of an earlier
 * generation reaches neither window nor round. There is a round exactly while the engine is
 * half-open. A mode lies over the engine, which goes on beneath it. The engine is made when the
 * circuit opens first: most never do.
 */
export class Breaker implements TicketHost {
  readonly #parts: BreakerParts
  readonly #onTransition: ((to: CircuitState) => void) | undefined
  readonly #window: Window
  readonly #openTime: OpenTime
  readonly #log: TransitionLog
  readonly #modes: EventChannel<GuardEvents['guard.mode']>
  #settings: GuardSettings
  #mode: GuardMode
  #engine: Engine | undefined
  #round: ProbeRound | undefined
  /** Why and with which hint the next transition comes, set before the engine is told. */
  #pending: TransitionReason = 'manual'
  #hintMs: number | undefined
  #openUntil = 0
  #lastFailure: FailureRecord | undefined
  #refusedGeneration = -1
  #staleCount = 0
  #isDisposed = false

  /** @param onTransition - called after each change of the engine's state, once it is in it */
  constructor(
    parts: BreakerParts,
    settings: GuardSettings,
    onTransition?: (to: CircuitState) => void,
  ) {
    this.#onTransition = onTransition
    const now = parts.clock.elapsed()
    this.#parts = parts
    this.#settings = settings
    this.#mode = settings.mode
    this.#window = new Window(settings.breaker, now)
    this.#openTime = new OpenTime(() => this.#settings.breaker, parts.random, now)
    this.#log = new TransitionLog(parts)
    this.#modes = parts.events.channel('guard.mode')
  }

  /** The state of the circuit, whatever the mode. */
  get state(): CircuitState {
    return this.#engine?.state ?? 'closed'
  }

  get mode(): GuardMode {
    return this.#mode
  }

  get generation(): number {
    return this.#log.generation
  }

  get isIsolated(): boolean {
    return this.#mode === 'isolated'
  }

  /** Whether nothing would be lost with it: closed for as long as it was open last. */
  get isRested(): boolean {
    return this.#mode === 'auto' && this.#openTime.isRested(this.#parts.clock.elapsed())
  }

  /** Lets a call start, or says why not; each ticket has to be reported or withdrawn. */
  admit(): Ticket | Refusal {
    if (this.#mode === 'isolated') return this.#refuse('isolated')
    const { state } = this
    if (state === 'closed' || this.#mode === 'disabled') return new Ticket(this, undefined)
    if (state === 'open') return this.#refuse('open')
    const probe = this.#round?.admit()
    return probe === undefined ? this.#refuse('half-open') : new Ticket(this, probe)
  }

  /** The counts of the window now. */
  counts(): WindowCounts {
    return this.#window.read(this.#parts.clock.elapsed())
  }

  snapshot(): BreakerSnapshot {
    return {
      state: this.state,
      mode: this.#mode,
      since: this.#log.since,
      reason: this.#log.reason,
      retryAfterMs: this.state === 'open' ? Math.ceil(this.#remainingMs()) : 0,
      attempt: this.#openTime.attempt,
      openMs: this.#openTime.lastOpenMs,
      generation: this.#log.generation,
      staleCount: this.#staleCount,
      lastFailure: this.#lastFailure,
    }
  }

  /** Opens; the circuit recovers by itself as from any other opening. */
  open(): void {
    this.#open('manual', undefined)
  }

  /** Closes with an empty window; the next open time remembers those before. */
  close(reason: TransitionReason = 'manual'): void {
    this.#window.clear()
    this.#close(reason)
  }

  /** Begins from nothing: closed, mode `auto`; calls that run now will not count. */
  reset(by?: string): void {
    this.#window.clear()
    this.#lastFailure = undefined
    if (this.state === 'closed') {
      this.#log.beginGeneration()
      this.#openTime.forget()
    } else {
      this.#close('reset')
    }
    this.#setMode('auto', by)
  }

  /** Refuses every call until `enable()`; running calls are left alone. */
  isolate(by?: string): void {
    this.#setMode('isolated', by)
  }

  /** Admits every call and never opens; the counts go on. */
  disable(by?: string): void {
    this.#setMode('disabled', by)
  }

  /** Ends `isolate()` and `disable()`. */
  enable(by?: string): void {
    this.#setMode('auto', by)
  }

  /**
   * Takes other settings; no sample is lost.
   *
   * A mode takes effect where the setting itself has changed, so that another setting does not
   * lift an isolation. Probes that run keep their deadline.
   */
  configure(settings: GuardSettings): void {
    const before = this.#settings
    const now = this.#parts.clock.elapsed()
    this.#settings = settings
    this.#window.resize(settings.breaker, now)
    if (settings.mode !== before.mode) this.#setMode(settings.mode, 'settings')
    this.#shorten(now)
    this.#tripIfDue(now, undefined)
  }

  export(): BreakerExport {
    const now = this.#parts.clock.elapsed()
    const { state } = this
    return {
      v: 1,
      state: state === 'closed' ? 'closed' : 'open',
      remainingMs: state === 'open' ? this.#remainingMs(now) : state === 'closed' ? 0 : 1,
      ...this.#openTime.export(now),
      mode: this.#mode,
      window: this.#window.export(now),
      at: this.#parts.clock.now(),
    }
  }

  /** Goes on where another breaker was exported; calls that run now will not count. */
  import(exported: BreakerExport): void {
    if (this.#isDisposed) return
    const { clock } = this.#parts
    const now = clock.elapsed()
    // A clock that was set back in between must not lengthen anything.
    const passedMs = Math.max(0, clock.now() - exported.at)
    const isOpen = exported.state === 'open'
    this.#window.restore(exported.window, now, passedMs)
    this.#openTime.restore(exported, isOpen ? undefined : now - exported.closedForMs - passedMs)
    this.#round?.cancel()
    this.#round = undefined
    this.#engine?.dispose()
    this.#engine = undefined
    if (isOpen) this.#resumeOpen(exported.remainingMs - passedMs, now)
    this.#log.beginGeneration()
    if (this.#log.state !== exported.state) this.#announce(exported.state, 'imported')
    this.#setMode(exported.mode, 'import')
  }

  /** Ends its timers for good: calls that still run count for nothing, and it changes no more. */
  dispose(): void {
    this.#isDisposed = true
    this.#log.beginGeneration()
    this.#round?.cancel()
    this.#round = undefined
    this.#engine?.dispose()
  }

  count(
    verdict: Verdict,
    error: unknown,
    probe: TakeVerdict | undefined,
    now: number = this.#parts.clock.elapsed(),
  ): void {
    const { outcome } = verdict
    this.#window.add(verdict, now)
    if (outcome !== 'ok' && outcome !== 'ignored') {
      this.#lastFailure = failureRecord(error, this.#parts.clock.now())
    }
    if (probe === undefined) this.#tripIfDue(now, verdict.retryAfterMs)
    else probe(verdict)
  }

  /**
   * Counts a failure of a call that had been reported as a success.
   *
   * While the circuit is half-open that call was a probe, so its round fails.
   *
   * @returns false when the circuit has changed its state since `generation`
   */
  recordFailure(verdict: Verdict, error: unknown, generation: number): boolean {
    if (generation !== this.#log.generation) {
      this.countStale()
      return false
    }
    const round = this.#mode === 'disabled' ? undefined : this.#round
    this.count(verdict, error, round && ((failed) => round.fail(failed)))
    return true
  }

  countStale(): void {
    this.#staleCount += 1
  }

  countRefused(now: number = this.#parts.clock.elapsed()): void {
    this.#window.refuse(now)
  }

  #refuse(state: Refusal['state']): Refusal {
    const now = this.#parts.clock.elapsed()
    this.countRefused(now)
    const isFirst = this.#refusedGeneration !== this.#log.generation
    this.#refusedGeneration = this.#log.generation
    return {
      admitted: false,
      state,
      reason: state === 'isolated' ? state : this.#log.openReason,
      retryAfterMs: state === 'open' ? Math.ceil(this.#remainingMs(now)) : undefined,
      lastFailure: this.#lastFailure,
      isFirst,
    }
  }

  #tripIfDue(now: number, hintMs: number | undefined): void {
    if (this.#mode === 'disabled' || this.state !== 'closed') return
    const reason = tripReason(this.#window.read(now), this.#settings.breaker)
    if (reason !== undefined) this.#open(reason, hintMs)
  }

  #open(reason: TransitionReason, hintMs: number | undefined): void {
    if (this.#isDisposed) return
    this.#pending = reason
    this.#hintMs = hintMs
    this.#engine ??= createEngine(this.#name, this.#hooks())
    this.#engine.open()
  }

  #close(reason: TransitionReason): void {
    this.#pending = reason
    this.#engine?.close()
  }

  #hooks(): EngineHooks {
    return {
      openMs: () => {
        const now = this.#parts.clock.elapsed()
        const openMs = this.#openTime.next(now, this.#hintMs)
        this.#openUntil = now + openMs
        return openMs
      },
      onTransition: (to) => this.#enter(to),
    }
  }

  #enter(to: CircuitState): void {
    this.#log.beginGeneration()
    this.#round?.cancel()
    this.#round = undefined
    if (to === 'half-open') this.#round = this.#beginRound()
    if (to === 'closed') {
      this.#window.clear()
      this.#openTime.closed(this.#parts.clock.elapsed())
      if (this.#pending === 'reset') this.#openTime.forget()
    }
    this.#announce(to, to === 'half-open' ? 'open-time-over' : this.#pending)
  }

  #announce(to: CircuitState, reason: TransitionReason): void {
    this.#log.tell(to, reason, {
      openMs: to === 'open' ? this.#openTime.lastOpenMs : 0,
      attempt: this.#openTime.attempt,
      lastFailure: this.#lastFailure,
    })
    this.#onTransition?.(to)
  }

  #beginRound(): ProbeRound | undefined {
    const round = this.#engine?.probe()
    return new ProbeRound({
      clock: this.#parts.clock,
      settings: () => this.#settings.breaker,
      onDecided: (result: RoundResult, hintMs) => {
        this.#pending = result
        this.#hintMs = hintMs
        if (result === 'probes-succeeded') round?.succeed()
        else round?.fail()
      },
    })
  }

  /** A running timer cannot be changed from outside, so a shorter time needs a new engine. */
  #shorten(now: number): void {
    const remainingMs = this.#openUntil - now
    if (
      this.#isDisposed ||
      this.state !== 'open' ||
      remainingMs <= openMaxMs(this.#settings.breaker)
    )
      return
    this.#engine?.dispose()
    this.#resumeOpen(remainingMs, now)
  }

  /** Replaces the engine by one that is open for what the ceiling leaves of `remainingMs`. */
  #resumeOpen(remainingMs: number, now: number): void {
    const openMs = this.#openTime.shorten(remainingMs)
    this.#openUntil = now + openMs
    this.#engine = createEngine(this.#name, this.#hooks(), openMs)
  }

  #remainingMs(now: number = this.#parts.clock.elapsed()): number {
    return Math.max(0, this.#openUntil - now)
  }

  #setMode(mode: GuardMode, by: string | undefined): void {
    if (mode === this.#mode) return
    this.#mode = mode
    if (!this.#modes.listened) return
    const { owner, dependency } = this.#parts
    this.#modes.emit({ owner, dependency, mode, by })
  }

  get #name(): string {
    return `${this.#parts.owner}:${this.#parts.dependency}`
  }
}
