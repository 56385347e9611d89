import { codeOf, messageOf } from '../../base/error.ts'

/**
 * Tells whether somebody who gave a call up did so for lack of time.
 *
 * Clients have timeouts of their own, often shorter than the guard's. They end the call with
 * whatever error they have made, so name, code and text of it are all there is to go by: `pg`
 * destroys its socket with `new Error('timeout expired')`, axios with the code `ECONNABORTED`. Taken
 * for a mere change of mind, they would blind the breaker (docs/design/0012).
 */
export function isTimeoutReason(reason: unknown): boolean {
  if (typeof reason !== 'object' || reason === null) return false
  try {
    if (saysTimeout(reason)) return true
    // `AbortSignal.timeout()` reaches a request as the cause of an AbortError.
    const cause: unknown = Reflect.get(reason, 'cause')
    return typeof cause === 'object' && cause !== null && saysTimeout(cause)
  } catch {
    // What was thrown may be an object whose properties throw.
    return false
  }
}

/** What stands for a call that its caller gave up for lack of time. */
export function timedOutBy(reason: unknown): Error {
  const message = reason === undefined ? 'the caller waited no longer' : messageOf(reason)
  const code = codeOf(reason)
  return Object.assign(new Error(message), {
    name: 'TimeoutError',
    ...(code === undefined ? {} : { code }),
  })
}

function saysTimeout(error: object): boolean {
  const said = [Reflect.get(error, 'name'), codeOf(error), Reflect.get(error, 'message')]
  return said.some((text) => typeof text === 'string' && /time(?:d[ _-]?|[ _-]?)out/i.test(text))
}
