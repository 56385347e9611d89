import type { Controller, Handler, LegacyHandler, ModernHandler } from './undici-api.ts'
import type { Head } from './undici-caller.ts'

/** What is told of one dispatch, whatever kind of handler the dispatcher speaks to. */
export interface Listener {
  started(controller: Controller, context: unknown): void
  upgraded(head: Head, socket: unknown): unknown
  answered(head: Head): void
  received(chunk: unknown): void
  ended(trailers: unknown): void
  failed(error: unknown): void
  bodySent(chunk: unknown): unknown
  requestSent(): unknown
  responseStarted(): unknown
}

/** Returns the handler that a dispatcher tells a listener through, of one kind or the other. */
export function handlerFor(listener: Listener, isModern: boolean): Handler {
  return isModern ? new ModernListening(listener) : new LegacyListening(listener)
}

abstract class Listening {
  protected readonly listener: Listener

  constructor(listener: Listener) {
    this.listener = listener
  }

  onBodySent(chunk: unknown): unknown {
    return this.listener.bodySent(chunk)
  }

  onRequestSent(): unknown {
    return this.listener.requestSent()
  }

  onResponseStarted(): unknown {
    return this.listener.responseStarted()
  }
}

class ModernListening extends Listening implements ModernHandler {
  onRequestStart(controller: Controller, context: unknown): void {
    this.listener.started(controller, context)
  }

  onRequestUpgrade(_: Controller, status: number, headers: unknown, socket: unknown): unknown {
    return this.listener.upgraded({ status, headers, text: undefined }, socket)
  }

  onResponseStart(_: Controller, status: number, headers: unknown, text: unknown): void {
    this.listener.answered({ status, headers, text })
  }

  onResponseData(_: Controller, chunk: unknown): void {
    this.listener.received(chunk)
  }

  onResponseEnd(_: Controller, trailers: unknown): void {
    this.listener.ended(trailers)
  }

  onResponseError(_: Controller, error: unknown): void {
    this.listener.failed(error)
  }
}

class LegacyListening extends Listening implements LegacyHandler {
  #controller: LegacyController | undefined

  onConnect(abort: (reason?: unknown) => void, context: unknown): void {
    this.#controller = new LegacyController(abort)
    this.listener.started(this.#controller, context)
  }

  onUpgrade(status: number, headers: unknown, socket: unknown): unknown {
    return this.listener.upgraded({ status, headers, text: undefined }, socket)
  }

  onHeaders(status: number, headers: unknown, resume: () => void, text: unknown): boolean {
    this.#controller?.onResume(resume)
    this.listener.answered({ status, headers, text })
    return this.#controller?.paused !== true
  }

  onData(chunk: unknown): boolean {
    this.listener.received(chunk)
    return this.#controller?.paused !== true
  }

  onComplete(trailers: unknown): void {
    this.listener.ended(trailers)
  }

  onError(error: unknown): void {
    this.listener.failed(error)
  }
}

/** Steers a response of a dispatcher that knows two functions only. */
class LegacyController implements Controller {
  aborted = false
  paused = false
  reason: unknown = null
  readonly #abort: (reason?: unknown) => void
  #resume: (() => void) | undefined

  constructor(abort: (reason?: unknown) => void) {
    this.#abort = abort
  }

  onResume(resume: () => void): void {
    this.#resume = resume
  }

  abort(reason: unknown): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason
    this.#abort(reason)
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    if (!this.paused) return
    this.paused = false
    this.#resume?.()
  }
}
