import {
  guardDisposed,
  guardFull,
  guardIsolated,
  guardNotAnExport,
  guardOpen,
  guardRateLimited,
  guardTimeout,
  type RefusalData,
} from './errors.ts'
import type { ReportedState } from './snapshot.ts'
import type { Refusal } from './ticket.ts'

/** Makes the errors of one guard: each says whose it is and in which state. */
export class GuardErrors {
  readonly #named: { readonly owner: string; readonly dependency: string }
  readonly #state: () => ReportedState

  constructor(
    named: { readonly owner: string; readonly dependency: string },
    state: () => ReportedState,
  ) {
    this.#named = named
    this.#state = state
  }

  /** Only the first refusal since a transition is worth a stack, which costs four times the rest. */
  refused({ state, reason, retryAfterMs, lastFailure, isFirst }: Refusal): Error {
    const define = state === 'isolated' ? guardIsolated : guardOpen
    const data = { ...this.#data(reason, retryAfterMs), lastFailure }
    const make = (): Error => define(data, lastFailure === undefined ? {} : { cause: lastFailure })
    return isFirst ? make() : withoutStack(make)
  }

  disposed(): Error {
    return guardDisposed(this.#data('disposed', undefined))
  }

  timedOut(timeoutMs: number, reason: 'timeout' | 'deadline' = 'timeout'): Error {
    return guardTimeout({ ...this.#data(reason, undefined), timeoutMs })
  }

  full(reason: string): Error {
    return guardFull(this.#data(reason, undefined))
  }

  limited(retryAfterMs: number): Error {
    return guardRateLimited(this.#data('rate', retryAfterMs))
  }

  notAnExport(field: string): Error {
    const { owner, dependency } = this.#named
    return guardNotAnExport({ owner, dependency, field })
  }

  #data(reason: string, retryAfterMs: number | undefined): RefusalData {
    const { owner, dependency } = this.#named
    return { owner, dependency, state: this.#state(), reason, retryAfterMs }
  }
}

function withoutStack(make: () => Error): Error {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return make()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}
