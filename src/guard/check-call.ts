import type { GuardedCall } from '../base/guard.ts'
import { messageOf } from '../base/error.ts'
import { nearest } from '../base/nearest.ts'
import type { EnterOptions } from './held-call.ts'

/** What a call says that says nothing about itself: it costs no check. */
export const NO_OPTIONS: Readonly<Record<string, never>> = Object.freeze({})

/**
 * Returns what is wrong with the arguments of `call()`, or undefined.
 *
 * They come from programs that no compiler has seen: a timeout that is no number would switch the
 * timeout off without a word, and a deadline that is none would be over after 1 ms.
 *
 * @param what - whom the call is for, for the text of the error
 */
export function callFault(what: string, task: unknown, call: GuardedCall): TypeError | undefined {
  if (typeof task !== 'function') return wrong(TypeError, what, 'task', task, 'a function')
  if (call === NO_OPTIONS) return undefined
  if (!isObject(call)) return wrong(TypeError, what, 'options', call, 'an object')
  const { signal, timeoutMs, deadlineMs, flightKey, idempotent } = call
  return (
    timeFault(what, 'timeoutMs', timeoutMs) ??
    timeFault(what, 'deadlineMs', deadlineMs) ??
    signalFault(what, signal) ??
    typeFault(what, 'flightKey', flightKey, 'string') ??
    typeFault(what, 'idempotent', idempotent, 'boolean') ??
    unknownFault(what, call, CALL_OPTIONS)
  )
}

/** The same for those of `enter()`. */
export function enterFault(what: string, options: EnterOptions): TypeError | undefined {
  if (options === NO_OPTIONS) return undefined
  if (!isObject(options)) return wrong(TypeError, what, 'options', options, 'an object')
  const { signal, timeoutMs, isUnbounded } = options
  return (
    timeFault(what, 'timeoutMs', timeoutMs) ??
    signalFault(what, signal) ??
    typeFault(what, 'isUnbounded', isUnbounded, 'boolean') ??
    unknownFault(what, options, ENTER_OPTIONS)
  )
}

const CALL_OPTIONS = ['signal', 'timeoutMs', 'deadlineMs', 'flightKey', 'idempotent']
const ENTER_OPTIONS = ['signal', 'timeoutMs', 'isUnbounded']

/** Node turns longer delays into 1 ms; this one is more than three weeks. */
const MAX_TIMER_MS = 2 ** 31 - 1

function timeFault(what: string, option: string, value: unknown): TypeError | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'number' && value >= 0 && value <= MAX_TIMER_MS) return undefined
  const kind = typeof value === 'number' ? RangeError : TypeError
  return wrong(kind, what, option, value, `a number from 0 to ${MAX_TIMER_MS}`)
}

/** Signals of another realm, or of a package, are as good. */
function signalFault(what: string, signal: unknown): TypeError | undefined {
  if (signal === undefined || signal instanceof AbortSignal) return undefined
  const isSignal =
    isObject(signal) &&
    typeof Reflect.get(signal, 'aborted') === 'boolean' &&
    typeof Reflect.get(signal, 'addEventListener') === 'function' &&
    typeof Reflect.get(signal, 'removeEventListener') === 'function'
  return isSignal ? undefined : wrong(TypeError, what, 'signal', signal, 'an AbortSignal')
}

function typeFault(
  what: string,
  option: string,
  value: unknown,
  type: 'string' | 'boolean',
): TypeError | undefined {
  if (value === undefined || typeof value === type) return undefined
  return wrong(TypeError, what, option, value, `a ${type}`)
}

function unknownFault(
  what: string,
  options: object,
  known: readonly string[],
): TypeError | undefined {
  for (const option in options) {
    if (known.includes(option)) continue
    const meant = nearest(option, known)
    const needed =
      meant === undefined ? `one of ${known.join(', ')} is needed` : `"${meant}" is near`
    return new TypeError(`Cannot call "${what}": it knows no option "${option}"; ${needed}`)
  }
  return undefined
}

function wrong(
  Kind: typeof TypeError | typeof RangeError,
  what: string,
  option: string,
  value: unknown,
  needed: string,
): TypeError {
  const text = typeof value === 'string' ? JSON.stringify(value) : messageOf(value)
  const given = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text
  return new Kind(`Cannot call "${what}": ${option} is ${given}; ${needed} is needed`)
}

const MAX_TEXT = 80

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
