import type { Controller, LegacyHandler, ModernHandler } from './undici-api.ts'
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

/** Makes the handler that a dispatcher of the modern kind tells a listener through. */
export function modernHandler(listener: Listener): ModernHandler {
  return {
    onRequestStart: (controller, context) => listener.started(controller, context),
    onRequestUpgrade: (_controller, status, headers, socket) =>
      listener.upgraded({ status, headers, text: undefined }, socket),
    onResponseStart: (_controller, status, headers, text) =>
      listener.answered({ status, headers, text }),
    onResponseData: (_controller, chunk) => listener.received(chunk),
    onResponseEnd: (_controller, trailers) => listener.ended(trailers),
    onResponseError: (_controller, error) => listener.failed(error),
    ...sending(listener),
  }
}

/** Makes the handler that a dispatcher of the legacy kind tells a listener through. */
export function legacyHandler(listener: Listener): LegacyHandler {
  let controller: LegacyController | undefined
  return {
    onConnect(abort, context) {
      controller = new LegacyController(abort)
      listener.started(controller, context)
    },
    onUpgrade: (status, headers, socket) =>
      listener.upgraded({ status, headers, text: undefined }, socket),
    onHeaders(status, headers, resume, text) {
      controller?.onResume(resume)
      listener.answered({ status, headers, text })
      return controller?.paused !== true
    },
    onData(chunk) {
      listener.received(chunk)
      return controller?.paused !== true
    },
    onComplete: (trailers) => listener.ended(trailers),
    onError: (error) => listener.failed(error),
    ...sending(listener),
  }
}

function sending(
  listener: Listener,
): Pick<ModernHandler, 'onBodySent' | 'onRequestSent' | 'onResponseStarted'> {
  return {
    onBodySent: (chunk) => listener.bodySent(chunk),
    onRequestSent: () => listener.requestSent(),
    onResponseStarted: () => listener.responseStarted(),
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
