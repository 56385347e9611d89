import type { SomonError } from '../base/error.ts'
import { guardIsolated, guardOpen } from './errors.ts'
import type { Refusal } from './ticket.ts'

/**
 * Makes the error of a refused call; its cause is the last failure, as a plain record.
 *
 * Only the first one after a transition has a stack: under load an open circuit refuses
 * thousands of calls at the same place, and the stack is most of what an error costs.
 */
export function refusalError(
  { state, reason, retryAfterMs, lastFailure, isFirst }: Refusal,
  { owner, dependency }: { readonly owner: string; readonly dependency: string },
): SomonError {
  const data = { owner, dependency, state, reason, retryAfterMs }
  const details = lastFailure === undefined ? {} : { cause: lastFailure }
  const create = state === 'isolated' ? guardIsolated : guardOpen
  return isFirst ? create(data, details) : withoutStack(() => create(data, details))
}

function withoutStack(create: () => SomonError): SomonError {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return create()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}
