import {
  type Controller,
  type Handler,
  isModern,
  type LegacyHandler,
  type ModernHandler,
} from './undici-api.ts'

/** A response up to its body. */
export interface Head {
  readonly status: number
  /** In the form of the dispatcher's kind. */
  readonly headers: unknown
  readonly text: unknown
}

/** Who made a request, whatever kind of handler it has. */
export interface Caller {
  start(context: unknown): void
  upgrade(head: Head, socket: unknown): unknown
  /** An answer that announces another one (1xx). */
  inform(head: Head): void
  head(head: Head): void
  data(chunk: unknown): void
  end(trailers: unknown): void
  error(error: unknown): void
  bodySent(chunk: unknown): unknown
  requestSent(): unknown
  responseStarted(): unknown
}

/** Returns the caller behind a handler; it steers its response by `control` alone. */
export function callerOf(handler: Handler, control: Controller): Caller {
  return isModern(handler) ? new ModernCaller(handler, control) : new LegacyCaller(handler, control)
}

abstract class SendingCaller<H extends Handler> {
  protected readonly handler: H
  protected readonly control: Controller

  constructor(handler: H, control: Controller) {
    this.handler = handler
    this.control = control
  }

  bodySent(chunk: unknown): unknown {
    return this.handler.onBodySent?.(chunk)
  }

  requestSent(): unknown {
    return this.handler.onRequestSent?.()
  }

  responseStarted(): unknown {
    return this.handler.onResponseStarted?.()
  }
}

class ModernCaller extends SendingCaller<ModernHandler> implements Caller {
  start(context: unknown): void {
    this.handler.onRequestStart(this.control, context)
  }

  upgrade({ status, headers }: Head, socket: unknown): unknown {
    return this.handler.onRequestUpgrade?.(this.control, status, headers, socket)
  }

  inform(head: Head): void {
    this.head(head)
  }

  head({ status, headers, text }: Head): void {
    this.handler.onResponseStart?.(this.control, status, headers, text)
  }

  data(chunk: unknown): void {
    this.handler.onResponseData?.(this.control, chunk)
  }

  end(trailers: unknown): void {
    this.handler.onResponseEnd?.(this.control, trailers)
  }

  error(error: unknown): void {
    this.handler.onResponseError?.(this.control, error)
  }
}

class LegacyCaller extends SendingCaller<LegacyHandler> implements Caller {
  readonly #abort = (reason?: unknown): void => this.control.abort(reason)
  readonly #resume = (): void => this.control.resume()

  start(context: unknown): void {
    this.handler.onConnect?.(this.#abort, context)
  }

  upgrade({ status, headers }: Head, socket: unknown): unknown {
    return this.handler.onUpgrade?.(status, headers, socket)
  }

  /** Returns false too, but nothing is paused by it: the real answer is still to come. */
  inform({ status, headers, text }: Head): void {
    this.handler.onHeaders?.(status, headers, this.#resume, text)
  }

  head({ status, headers, text }: Head): void {
    if (this.handler.onHeaders?.(status, headers, this.#resume, text) === false)
      this.control.pause()
  }

  data(chunk: unknown): void {
    if (this.handler.onData?.(chunk) === false) this.control.pause()
  }

  end(trailers: unknown): void {
    this.handler.onComplete?.(trailers)
  }

  error(error: unknown): void {
    this.handler.onError?.(error)
  }
}
