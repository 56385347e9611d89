import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Clock } from '../../base/clock.ts'
import type { DependencyGuard } from '../dependency-guard.ts'
import { guardTimeout } from '../errors.ts'
import type { HeldCall } from '../held-call.ts'
import { reportedState } from '../snapshot.ts'
import { isTimeoutReason, timedOutBy } from './give-up.ts'
import { ResponseBody } from './http-body.ts'
import { endRequest } from './http-end.ts'
import { statusError } from './status.ts'

/** A request, the guard it is called through, and what else ends with the call. */
export interface HttpCallParts {
  readonly request: ClientRequest
  readonly guard: DependencyGuard
  readonly held: HeldCall
  readonly clock: Clock
  /** The call is over, whatever came of it. */
  readonly onOver: () => void
}

/**
 * One request of `node:http` that its guard has admitted, up to the end of its body.
 *
 * The call itself ends with the headers: streams and SSE would use up all places of a bulkhead.
 * An error that comes while the request is destroyed already is its caller's, or ours. There is
 * never an `error` listener: it would hide that the caller has none.
 */
export class HttpCall {
  readonly #parts: HttpCallParts
  #body: ResponseBody | undefined
  #isOver = false
  #isTimedOut = false

  constructor(parts: HttpCallParts) {
    const { request, held } = parts
    this.#parts = parts
    held.signal.addEventListener('abort', () => endRequest(request, held.signal.reason, undefined))
    request.once('timeout', () => {
      this.#isTimedOut = true
    })
    request.once('close', () => this.#closed())
  }

  /** The headers have come. */
  answered(response: IncomingMessage): void {
    if (this.#isOver) return
    const { guard, clock } = this.#parts
    const isGood = this.#judge(response)
    const { generation } = guard.breaker
    const { bodyIdleMs } = guard.settings
    this.#body = new ResponseBody(response, {
      ...{ clock, idleMs: bodyIdleMs },
      onIdle: () => silentBody(guard, bodyIdleMs),
      // A bad answer has been counted; its silent body would still hang its reader.
      onBroken: (error) => {
        if (isGood) guard.recordFailure(error, generation)
      },
    })
  }

  /** The request reports an error. */
  failed(error: Error): void {
    const { request, held } = this.#parts
    if (this.#isOver) {
      if (!request.destroyed) this.#body?.failed(error)
      return
    }
    if (!request.destroyed) held.fail(error)
    else if (this.#isTimedOut || isTimeoutReason(error)) held.fail(timedOutBy(error))
    else held.ignore()
    this.#end()
  }

  /** Without headers and without an error: switched to another protocol, or given up in a queue. */
  #closed(): void {
    if (this.#isOver) return
    const response: unknown = Reflect.get(this.#parts.request, 'res')
    if (isAnswer(response)) this.#judge(response)
    else {
      this.#parts.held.ignore()
      this.#end()
    }
  }

  /** Tells the guard what the headers say; false for a failure. */
  #judge({ statusCode = 0, headers }: IncomingMessage): boolean {
    const { held, clock } = this.#parts
    const failure = statusError(statusCode, headers['retry-after'], clock.now())
    if (failure === undefined) held.ok()
    else held.fail(failure)
    this.#end()
    return failure === undefined
  }

  #end(): void {
    this.#isOver = true
    this.#parts.onOver()
  }
}

function isAnswer(response: unknown): response is IncomingMessage {
  return typeof response === 'object' && response !== null && 'statusCode' in response
}

function silentBody(guard: DependencyGuard, timeoutMs: number): Error {
  const { owner, dependency } = guard
  return guardTimeout({
    ...{ owner, dependency, timeoutMs, state: reportedState(guard.breaker) },
    reason: 'body-idle',
    retryAfterMs: undefined,
  })
}
