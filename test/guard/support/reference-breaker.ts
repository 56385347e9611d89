import type { CircuitState, TransitionReason } from '../../../src/guard/events.ts'
import type { Verdict } from '../../../src/guard/outcome.ts'
import { tripReason } from '../../../src/guard/policy.ts'
import {
  halfOpenMs,
  openMaxMs,
  type GuardMode,
  type GuardSettings,
} from '../../../src/guard/settings.ts'
import { PlainWindow, type PlainWindowExport } from './plain-window.ts'

/** An admission as plain data; a probe has a deadline while it runs. */
export interface ReferenceTicket {
  readonly generation: number
  readonly isProbe: boolean
}

export interface ReferenceExport {
  readonly state: 'open' | 'closed'
  readonly openUntil: number
  readonly attempt: number
  readonly lastOpenMs: number
  readonly closedAt: number | undefined
  readonly mode: GuardMode
  readonly window: PlainWindowExport
}

/** The breaker as one plain state: no timer, no promise, no engine; time passes when told so. */
export class ReferenceBreaker {
  now = 0
  state: CircuitState = 'closed'
  mode: GuardMode
  generation = 0
  attempt = 0
  lastOpenMs = 0
  staleCount = 0
  reason: TransitionReason | undefined
  openReason: TransitionReason = 'manual'
  readonly window: PlainWindow
  #closedAt: number | undefined = 0
  #openUntil = 0
  #deadlines = new Map<ReferenceTicket, number>()
  #successes = 0
  #settings: GuardSettings
  readonly #random: () => number

  constructor(settings: GuardSettings, random: () => number) {
    this.#settings = settings
    this.#random = random
    this.mode = settings.mode
    this.window = new PlainWindow(settings.breaker.windowMs, settings.breaker.buckets)
  }

  get remainingMs(): number {
    return this.state === 'open' ? Math.max(0, this.#openUntil - this.now) : 0
  }

  admit(): ReferenceTicket | 'open' | 'half-open' | 'isolated' {
    const refusal = this.#refusal()
    if (refusal !== undefined) {
      this.window.refuse(this.now)
      return refusal
    }
    const isProbe = this.state === 'half-open' && this.mode === 'auto'
    const ticket: ReferenceTicket = { generation: this.generation, isProbe }
    if (isProbe) this.#deadlines.set(ticket, this.now + halfOpenMs(this.#settings.breaker))
    return ticket
  }

  finish(ticket: ReferenceTicket, verdict: Verdict): void {
    if (ticket.generation !== this.generation) {
      this.staleCount += 1
      return
    }
    this.window.add(verdict, this.now)
    if (ticket.isProbe) this.#finishProbe(ticket, verdict)
    else this.#tripIfDue(verdict.retryAfterMs)
  }

  withdraw(ticket: ReferenceTicket): void {
    this.#deadlines.delete(ticket)
    this.window.refuse(this.now)
  }

  renew(ticket: ReferenceTicket): ReturnType<ReferenceBreaker['admit']> {
    if (ticket.generation === this.generation && this.mode !== 'isolated') return ticket
    this.#deadlines.delete(ticket)
    return this.admit()
  }

  recordFailure(verdict: Verdict, generation: number): boolean {
    if (generation !== this.generation) {
      this.staleCount += 1
      return false
    }
    this.window.add(verdict, this.now)
    if (this.state === 'half-open' && this.mode !== 'disabled') {
      this.#open('probe-failed', verdict.retryAfterMs)
    } else this.#tripIfDue(verdict.retryAfterMs)
    return true
  }

  advance(ms: number): void {
    const end = this.now + ms
    for (;;) {
      const at = this.#nextEvent()
      if (at > end) break
      this.now = at
      if (this.state === 'open') this.#enter('half-open', 'open-time-over')
      else this.#open('probe-timeout', undefined)
    }
    this.now = end
  }

  open(): void {
    if (this.state !== 'open') this.#open('manual', undefined)
  }

  close(): void {
    this.window.clear()
    if (this.state !== 'closed') this.#enter('closed', 'manual')
  }

  reset(): void {
    this.window.clear()
    if (this.state === 'closed') this.generation += 1
    else this.#enter('closed', 'reset')
    this.attempt = 0
    this.lastOpenMs = 0
    this.mode = 'auto'
  }

  configure(settings: GuardSettings): void {
    const before = this.#settings
    this.#settings = settings
    const { windowMs, buckets } = settings.breaker
    this.window.resize(windowMs, buckets, this.now)
    if (settings.mode !== before.mode) this.mode = settings.mode
    if (this.state === 'open' && this.#openUntil - this.now > openMaxMs(settings.breaker)) {
      this.#cutOpenTime()
    }
    this.#tripIfDue(undefined)
  }

  export(): ReferenceExport {
    return {
      state: this.state === 'closed' ? 'closed' : 'open',
      openUntil: this.state === 'open' ? this.#openUntil : this.now + 1,
      attempt: this.attempt,
      lastOpenMs: this.lastOpenMs,
      closedAt: this.#closedAt,
      mode: this.mode,
      window: this.window.export(this.now),
    }
  }

  import(exported: ReferenceExport): void {
    this.window.restore(exported.window, this.now)
    this.attempt = exported.attempt
    this.lastOpenMs = exported.lastOpenMs
    this.#closedAt = exported.closedAt
    this.#openUntil = exported.openUntil
    this.mode = exported.mode
    this.#deadlines.clear()
    this.generation += 1
    if (exported.state === 'open') this.#cutOpenTime()
    if (exported.state === this.state) return
    this.state = exported.state
    this.reason = 'imported'
    if (this.state === 'open') this.openReason = 'imported'
  }

  #refusal(): 'open' | 'half-open' | 'isolated' | undefined {
    if (this.mode === 'isolated') return 'isolated'
    if (this.mode === 'disabled' || this.state === 'closed') return undefined
    if (this.state === 'open') return 'open'
    const isFull = this.#deadlines.size >= this.#settings.breaker.halfOpen.probes
    return isFull ? 'half-open' : undefined
  }

  #finishProbe(ticket: ReferenceTicket, { outcome, slow, retryAfterMs }: Verdict): void {
    this.#deadlines.delete(ticket)
    if (outcome === 'ignored') return
    if (outcome !== 'ok' || slow) {
      this.#open('probe-failed', retryAfterMs)
      return
    }
    this.#successes += 1
    if (this.#successes >= this.#settings.breaker.halfOpen.successes) {
      this.#enter('closed', 'probes-succeeded')
    }
  }

  #tripIfDue(hintMs: number | undefined): void {
    if (this.state !== 'closed' || this.mode === 'disabled') return
    const reason = tripReason(this.window.read(this.now), this.#settings.breaker)
    if (reason !== undefined) this.#open(reason, hintMs)
  }

  #open(reason: TransitionReason, hintMs = 0): void {
    const { open } = this.#settings.breaker
    const isFirst = this.state === 'closed' && this.now - (this.#closedAt ?? 0) >= this.lastOpenMs
    this.attempt = isFirst ? 0 : this.attempt + 1
    const wanted = open.baseMs * open.factor ** this.attempt * (1 - open.jitter * this.#random())
    this.lastOpenMs = this.#cut(Math.max(hintMs, wanted))
    this.#openUntil = this.now + this.lastOpenMs
    this.#closedAt = undefined
    this.openReason = reason
    this.#enter('open', reason)
  }

  #enter(state: CircuitState, reason: TransitionReason): void {
    this.state = state
    this.reason = reason
    this.generation += 1
    this.#deadlines.clear()
    this.#successes = 0
    if (state !== 'closed') return
    this.window.clear()
    this.#closedAt = this.now
  }

  #nextEvent(): number {
    if (this.state === 'open') return this.#openUntil
    return Math.min(Infinity, ...this.#deadlines.values())
  }

  #cutOpenTime(): void {
    this.#openUntil = this.now + this.#cut(this.#openUntil - this.now)
    this.lastOpenMs = this.#cut(this.lastOpenMs)
  }

  #cut(ms: number): number {
    return Math.max(1, Math.trunc(Math.min(ms, openMaxMs(this.#settings.breaker))))
  }
}
