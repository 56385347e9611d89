import { request as requestHttp, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { RemoteFailure } from './failure.ts'

/** What a host answered. */
export type Answer =
  | { readonly kind: 'redirect'; readonly location: string }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'module'; readonly bytes: Buffer; readonly type: string }

/** The bounds of one request; the signal carries its deadline. */
export interface RequestOptions {
  readonly maxBytes: number
  /** Certificates in PEM that are trusted in place of the built-in ones. */
  readonly ca: string | undefined
  readonly signal: AbortSignal
}

/**
 * Asks for a module once, following nothing.
 *
 * @throws RemoteFailure SOMON_REMOTE_UNREACHABLE for a host that is down or answers 429 or 5xx
 * @throws RemoteFailure SOMON_REMOTE_TOO_LARGE
 */
export async function request(url: URL, options: RequestOptions): Promise<Answer> {
  const response = await open(url, options)
  const status = response.statusCode ?? 0
  if (status >= 300 && status < 400 && response.headers.location !== undefined) {
    response.destroy()
    return { kind: 'redirect', location: response.headers.location }
  }
  if (status === 429 || status >= 500) {
    response.destroy()
    throw unreachable(url, `it answered with status ${status}`)
  }
  if (status !== 200) {
    response.destroy()
    return { kind: 'refused', status }
  }
  const bytes = await body(url, response, options)
  return { kind: 'module', bytes, type: mediaType(response) }
}

function open(url: URL, { ca, signal }: RequestOptions): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const send = url.protocol === 'https:' ? requestHttps : requestHttp
  // No agent: a connection kept open would outlive the build.
  const call = send(url, {
    agent: false,
    signal,
    headers: HEADERS,
    ...(ca !== undefined && { ca }),
  })
  call.on('response', resolve)
  call.on('error', (error) => reject(unreachable(url, reasonOf(error, signal), error)))
  call.end()
  return promise
}

const HEADERS = {
  accept: 'text/javascript, application/typescript, application/json, text/plain;q=0.5, */*;q=0.1',
  'accept-encoding': 'identity',
  'user-agent': 'somon-plugin-remote',
}

async function body(
  url: URL,
  response: IncomingMessage,
  { maxBytes, signal }: RequestOptions,
): Promise<Buffer> {
  const encoding = response.headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') {
    response.destroy()
    throw unreachable(url, `it sent the encoding "${encoding}" that was not asked for`)
  }
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.byteLength
      if (size > maxBytes) throw tooLarge(url, maxBytes)
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof RemoteFailure) throw error
    throw unreachable(url, reasonOf(error, signal), error)
  } finally {
    response.destroy()
  }
  if (!response.complete) throw unreachable(url, 'the connection broke before the end')
  return Buffer.concat(chunks)
}

function mediaType(response: IncomingMessage): string {
  return (response.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
}

function reasonOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'it did not answer in time'
  const { code, message } = error as NodeJS.ErrnoException
  return code === undefined ? message : `${code} (${message})`
}

function unreachable(url: URL, reason: string, cause?: unknown): RemoteFailure {
  return new RemoteFailure(
    'SOMON_REMOTE_UNREACHABLE',
    `Cannot fetch "${url.href}": ${reason}`,
    'Try again when the host answers; keep the folder of copies to build without it',
    { retryable: true, ...(cause !== undefined && { cause }) },
  )
}

function tooLarge(url: URL, maxBytes: number): RemoteFailure {
  return new RemoteFailure(
    'SOMON_REMOTE_TOO_LARGE',
    `Cannot fetch "${url.href}": it is larger than ${maxBytes} bytes`,
    'Raise maxBytes, or import a smaller module',
  )
}
