import type { Clock } from '../../base/clock.ts'
import { codeOf } from '../../base/error.ts'
import type { DependencyGuard } from '../dependency-guard.ts'
import { guardTimeout } from '../errors.ts'
import { reportedState } from '../snapshot.ts'
import {
  type Controller,
  type Dispatch,
  type DispatchOptions,
  type Handler,
  isModern,
} from './undici-api.ts'
import { Attempt, type AttemptHost } from './undici-attempt.ts'
import { BodyWatch, type Upload } from './undici-body.ts'
import { type Caller, callerOf } from './undici-caller.ts'
import { isTimeoutReason, timedOutBy } from './give-up.ts'
import { handlerFor } from './undici-listener.ts'

/** What one guarded request is made of. */
export interface ExchangeParts {
  readonly guard: DependencyGuard
  readonly clock: Clock
  /** Dispatches beneath the edge. */
  readonly dispatch: Dispatch
  readonly options: DispatchOptions
  readonly upload: Upload
  readonly handler: Handler
  readonly isIdempotent: boolean
  /** Counts the request as in flight; the result ends that. */
  readonly enter: () => () => void
  /** To be told when a connection may have been lost. */
  readonly onLost: () => void
}

/**
 * One request on its way through its guard, from the dispatch by its caller to the last part of
 * the answer's body.
 *
 * Invariants: the caller is told of its start at once, so that it can give up while the request
 * waits or dials; of one answer or one error, and of an error only after the guard has counted it.
 * The caller steers this object, never the dispatcher's controller: attempts come and go beneath.
 */
export class Exchange implements Controller, AttemptHost {
  readonly caller: Caller
  readonly #parts: ExchangeParts
  /** Aborts when the caller gives up before an answer, or is to blame for the error itself. */
  readonly #given = new AbortController()
  readonly #context: object = {}
  readonly #isModern: boolean
  #attempt: Attempt | undefined
  #inner: Controller | undefined
  #watch: BodyWatch | undefined
  #accepted = true
  #thrown: { readonly error: unknown } | undefined
  /** What the dispatcher told of an aborted request: it fills in a missing reason. */
  #ended: { readonly error: unknown } | undefined
  #generation = 0
  #isAnswered = false
  #hasCallerThrown = false
  aborted = false
  paused = false
  reason: unknown = null

  constructor(parts: ExchangeParts) {
    this.#parts = parts
    this.#isModern = isModern(parts.handler)
    this.caller = callerOf(parts.handler, this)
  }

  /**
   * Sends the request through the guard.
   *
   * @returns what the dispatcher returned; true while the request waits
   * @throws what the dispatcher threw, if it was asked at once
   */
  run(): boolean {
    const { guard, isIdempotent } = this.#parts
    this.caller.start(this.#context)
    const sent = guard.send((signal) => this.#send(signal), {
      signal: this.#given.signal,
      idempotent: isIdempotent,
    })
    const thrown = this.#thrown
    sent.catch((error: unknown) => {
      if (thrown === undefined) this.#rejected(error)
    })
    if (thrown !== undefined) throw thrown.error
    return this.#accepted
  }

  get rawHeaders(): unknown {
    return this.#inner?.rawHeaders ?? null
  }

  set rawHeaders(headers: unknown) {
    if (this.#inner !== undefined) this.#inner.rawHeaders = headers
  }

  get rawTrailers(): unknown {
    return this.#inner?.rawTrailers ?? null
  }

  set rawTrailers(trailers: unknown) {
    if (this.#inner !== undefined) this.#inner.rawTrailers = trailers
  }

  abort(reason: unknown): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason
    this.#inner?.abort(reason)
    if (!this.#isAnswered) this.#given.abort(isTimeoutReason(reason) ? timedOutBy(reason) : reason)
  }

  pause(): void {
    this.paused = true
    this.#watch?.pause()
    this.#inner?.pause()
  }

  resume(): void {
    this.paused = false
    this.#watch?.resume()
    this.#inner?.resume()
  }

  now(): number {
    return this.#parts.clock.now()
  }

  onStart(controller: Controller, context: unknown): void {
    this.#inner = controller
    if (this.paused) controller.pause()
    if (typeof context === 'object') Object.assign(this.#context, context)
  }

  onAnswer(): void {
    const { guard, clock } = this.#parts
    this.#isAnswered = true
    this.#generation = guard.breaker.generation
    const { bodyIdleMs } = guard.settings
    if (bodyIdleMs > 0) this.#watch = new BodyWatch(clock, bodyIdleMs, () => this.#silent())
  }

  onError(error: unknown): void {
    if (this.aborted) this.#ended = { error }
    if (this.#isOwn(error)) this.#given.abort(error)
  }

  onData(): void {
    this.#watch?.heard()
  }

  onEnd(): void {
    this.#watch?.stop()
  }

  onBroken(error: unknown, isNews: boolean): void {
    this.#watch?.stop()
    if (isNews && !this.aborted && !this.#isOwn(error)) {
      this.#parts.guard.recordFailure(error, this.#generation)
    }
    this.caller.error(error)
  }

  onLost(): void {
    this.#parts.onLost()
  }

  onCallerThrew(): void {
    this.#hasCallerThrown = true
  }

  /** What the guard runs: one attempt, up to the head of its answer. */
  #send(signal: AbortSignal): Promise<void> {
    const { dispatch, options, enter } = this.#parts
    this.#attempt?.drop()
    const attempt = new Attempt(this, signal, enter())
    this.#attempt = attempt
    try {
      this.#accepted = dispatch(options, handlerFor(attempt, this.#isModern))
    } catch (error) {
      // A dispatcher throws at what it cannot even send.
      this.#thrown = { error }
      this.#given.abort(error)
      attempt.failed(error)
    }
    return attempt.done
  }

  /** The guard has refused the request, or has counted its failure and does not try again. */
  #rejected(error: unknown): void {
    const attempt = this.#attempt
    if (attempt?.isHeld === true) {
      if (!this.aborted) return attempt.release(() => this.paused)
      attempt.drop()
    }
    attempt?.cut()
    this.caller.error(this.aborted ? (this.#ended?.error ?? this.reason ?? error) : error)
  }

  #silent(): void {
    const { guard } = this.#parts
    const { owner, dependency, settings } = guard
    const error = guardTimeout({
      ...{ owner, dependency, state: reportedState(guard.breaker), reason: 'body-idle' },
      ...{ retryAfterMs: undefined, timeoutMs: settings.bodyIdleMs },
    })
    this.#inner?.abort(error)
  }

  /** Whether an error is the caller's own doing: its body, its code, or what it asked for. */
  #isOwn(error: unknown): boolean {
    if (this.#hasCallerThrown || this.#parts.upload.threw(error)) return true
    return OWN_FAULTS.has(codeOf(error) ?? '')
  }
}

/** What dispatchers say of a request that never got as far as its server. */
const OWN_FAULTS: ReadonlySet<string> = new Set([
  'UND_ERR_INVALID_ARG',
  'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_NOT_SUPPORTED',
  'UND_ERR_DESTROYED',
  'UND_ERR_CLOSED',
  'UND_MOCK_ERR_MOCK_NOT_MATCHED',
])
