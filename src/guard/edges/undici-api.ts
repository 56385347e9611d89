/**
 * What the edge needs of undici, by shape: the dispatcher in the process may belong to Node or to
 * any copy from version 6 on, and none of them is a dependency of ours.
 */
export interface Dispatcher {
  dispatch(options: DispatchOptions, handler: Handler): boolean
}

export type Dispatch = Dispatcher['dispatch']

/** One request as it is handed to a dispatcher. */
export interface DispatchOptions {
  readonly origin?: unknown
  readonly path?: unknown
  readonly method?: unknown
  readonly body?: unknown
  readonly idempotent?: unknown
}

/** How the receiver of a response steers it. */
export interface Controller {
  readonly aborted: boolean
  readonly reason: unknown
  readonly paused: boolean
  rawHeaders?: unknown
  rawTrailers?: unknown
  abort(reason: unknown): void
  pause(): void
  resume(): void
}

/** Told of the request itself; both kinds of handler have these. */
interface SendingHandler {
  onBodySent?(chunk: unknown): unknown
  onRequestSent?(): unknown
  onResponseStarted?(): unknown
}

/** What undici 7 and 8 hand to a dispatcher; dispatchers of undici 8 take nothing else. */
export interface ModernHandler extends SendingHandler {
  onRequestStart(controller: Controller, context: unknown): void
  onRequestUpgrade?(
    controller: Controller,
    status: number,
    headers: unknown,
    socket: unknown,
  ): unknown
  onResponseStart?(controller: Controller, status: number, headers: unknown, text: unknown): void
  onResponseData?(controller: Controller, chunk: unknown): void
  onResponseEnd?(controller: Controller, trailers: unknown): void
  onResponseError?(controller: Controller, error: unknown): void
}

/** What undici 6 and most of undici 7 hand to a dispatcher; headers are a flat list of Buffers. */
export interface LegacyHandler extends SendingHandler {
  onConnect?(abort: (reason?: unknown) => void, context: unknown): void
  onUpgrade?(status: number, headers: unknown, socket: unknown): unknown
  /** Returns false to pause. */
  onHeaders?(status: number, headers: unknown, resume: () => void, text: unknown): boolean | void
  /** Returns false to pause. */
  onData?(chunk: unknown): boolean | void
  onComplete?(trailers: unknown): void
  onError?(error: unknown): void
}

export type Handler = ModernHandler | LegacyHandler

/** Tells the kinds apart as undici itself does. */
export function isModern(handler: Handler): handler is ModernHandler {
  return 'onRequestStart' in handler && typeof handler.onRequestStart === 'function'
}

/** Returns a header in either form, as text; the first one where there are several. */
export function headerOf(headers: unknown, name: string): string | undefined {
  const value = Array.isArray(headers) ? rawHeader(headers, name) : recordHeader(headers, name)
  return textOf(Array.isArray(value) ? value[0] : value)
}

function textOf(value: unknown): string | undefined {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1')
  return typeof value === 'string' ? value : undefined
}

function rawHeader(headers: readonly unknown[], name: string): unknown {
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (textOf(headers[i])?.toLowerCase() === name) return headers[i + 1]
  }
  return undefined
}

function recordHeader(headers: unknown, name: string): unknown {
  return typeof headers === 'object' && headers !== null ? Reflect.get(headers, name) : undefined
}
