import { statusError } from './status.ts'
import { headerOf, type Controller } from './undici-api.ts'
import type { Caller, Head } from './undici-caller.ts'
import type { Listener } from './undici-listener.ts'

/** What an attempt asks of, and tells, the request that it is made for. */
export interface AttemptHost {
  readonly caller: Caller
  /** Wall time, epoch ms. */
  now(): number
  /** The dispatcher has taken the request up; until then nobody can end it. */
  onStart(controller: Controller, context: unknown): void
  /** The answer is the caller's from now on. */
  onAnswer(): void
  /** An error came before any answer. */
  onError(error: unknown): void
  /** A part of the body came. */
  onData(): void
  /** The body is complete. */
  onEnd(): void
  /** The body broke; `isNews` where nothing spoke against the server before. */
  onBroken(error: unknown, isNews: boolean): void
  /** The connection may be gone with the call. */
  onLost(): void
  /** The caller's own code threw at what it was told. */
  onCallerThrew(): void
}

/**
 * One dispatch of a request.
 *
 * Invariants: `done` settles once, at the head of the answer or at the error before it. An answer
 * that speaks against its server is held, with all that follows it, until somebody calls
 * `release()` or `drop()`; all others go to the caller as they come. After `cut()` or `drop()` the
 * caller hears nothing more of this attempt.
 */
export class Attempt implements Listener {
  /** Rejects with what the attempt says against the server. */
  readonly done: Promise<void>
  readonly #host: AttemptHost
  readonly #signal: AbortSignal
  readonly #settle: PromiseWithResolvers<void>
  #controller: Controller | undefined
  #held: (() => void)[] | undefined
  readonly #leave: () => void
  #isAnswered = false
  #isBad = false
  #isOver = false
  #isCut = false

  /** @param leave - called when the attempt is no longer in flight */
  constructor(host: AttemptHost, signal: AbortSignal, leave: () => void) {
    this.#host = host
    this.#signal = signal
    this.#leave = leave
    this.#settle = Promise.withResolvers()
    this.done = this.#settle.promise
    signal.addEventListener('abort', () => this.#abort(), { once: true })
  }

  /** Whether an answer waits for a decision. */
  get isHeld(): boolean {
    return this.#held !== undefined
  }

  /** Whether nothing more will come of it. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Hands the held answer to the caller after all; `isPaused` is asked at the end. */
  release(isPaused: () => boolean): void {
    let thrown: { readonly error: unknown } | undefined
    this.#host.onAnswer()
    try {
      // What is told may hold more back, so the list grows while it is worked off.
      for (const tell of this.#held ?? []) tell()
    } catch (error) {
      thrown = { error }
    }
    this.#held = undefined
    if (thrown !== undefined) this.#controller?.abort(thrown.error)
    else if (!this.#isOver && !isPaused()) this.#controller?.resume()
  }

  /** Forgets the held answer; its connection is kept where the answer is complete already. */
  drop(): void {
    this.cut()
    this.#held = undefined
    this.#controller?.resume()
    if (!this.#isOver) this.#controller?.abort(new Error('the answer is not waited for'))
  }

  /** Keeps whatever still comes from the caller. */
  cut(): void {
    this.#isCut = true
  }

  started(controller: Controller, context: unknown): void {
    this.#controller = controller
    if (this.#signal.aborted) controller.abort(this.#signal.reason)
    else this.#host.onStart(controller, context)
  }

  upgraded(head: Head, socket: unknown): unknown {
    this.#isOver = true
    this.#leave()
    if (this.#isCut) return undefined
    this.#host.onAnswer()
    this.#host.onEnd()
    this.#settle.resolve()
    return this.#tell(() => this.#host.caller.upgrade(head, socket))
  }

  answered(head: Head): void {
    if (this.#isCut) return
    const { caller } = this.#host
    if (head.status < 200) return this.#tell(() => caller.inform(head))
    this.#isAnswered = true
    this.#leave()
    const error = this.#errorOf(head)
    if (error !== undefined) {
      this.#isBad = true
      this.#controller?.pause()
      this.#held = [() => this.#tell(() => caller.head(head))]
      return this.#settle.reject(error)
    }
    this.#host.onAnswer()
    this.#settle.resolve()
    this.#tell(() => caller.head(head))
  }

  received(chunk: unknown): void {
    if (this.#isCut) return
    const { caller } = this.#host
    if (this.#held !== undefined) {
      this.#held.push(() => this.#tell(() => caller.data(chunk)))
      return
    }
    this.#host.onData()
    // Not through `#tell()`: one function less for each part of a body.
    try {
      caller.data(chunk)
    } catch (error) {
      this.#host.onCallerThrew()
      throw error
    }
  }

  ended(trailers: unknown): void {
    this.#isOver = true
    if (this.#isCut) return
    this.#later(() => {
      this.#host.onEnd()
      this.#tell(() => this.#host.caller.end(trailers))
    })
  }

  failed(error: unknown): void {
    this.#isOver = true
    this.#host.onLost()
    this.#leave()
    if (!this.#isAnswered) {
      if (!this.#isCut) this.#host.onError(error)
      return this.#settle.reject(error)
    }
    if (!this.#isCut) this.#later(() => this.#host.onBroken(error, !this.#isBad))
  }

  bodySent(chunk: unknown): unknown {
    return this.#isCut ? undefined : this.#host.caller.bodySent(chunk)
  }

  requestSent(): unknown {
    return this.#isCut ? undefined : this.#host.caller.requestSent()
  }

  responseStarted(): unknown {
    return this.#isCut ? undefined : this.#host.caller.responseStarted()
  }

  /** Most answers say nothing, and their headers are not looked at. */
  #errorOf({ status, headers }: Head): Error | undefined {
    if (status < 400) return undefined
    return statusError(status, headerOf(headers, 'retry-after'), this.#host.now())
  }

  #abort(): void {
    if (!this.#isOver && !this.#isAnswered) this.#controller?.abort(this.#signal.reason)
  }

  #later(tell: () => void): void {
    if (this.#held === undefined) tell()
    else this.#held.push(tell)
  }

  #tell<T>(tell: () => T): T {
    try {
      return tell()
    } catch (error) {
      this.#host.onCallerThrew()
      throw error
    }
  }
}
