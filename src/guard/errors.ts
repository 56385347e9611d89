import { defineError, type ErrorFactory } from '../base/error.ts'
import type { FailureRecord } from './outcome.ts'

/** What every refusal says of itself; `retryAfterMs` is undefined where nobody knows. */
export interface RefusalData {
  readonly owner: string
  readonly dependency: string
  readonly state: string
  readonly reason: string
  readonly retryAfterMs: number | undefined
  /** What went wrong last, where the refusal is for that. */
  readonly lastFailure?: FailureRecord | undefined
}

export const guardOpen: ErrorFactory<RefusalData> = defineError({
  code: 'SOMON_GUARD_OPEN',
  when: 'A call is refused because the circuit of its dependency is open.',
  remedy: 'Try again after retryAfterMs, or give the guard a fallback',
  message: ({ dependency, reason }) =>
    `Cannot call "${dependency}": its circuit is open (${reason}); calls start again once a probe succeeds`,
  retryable: true,
})

export const guardIsolated: ErrorFactory<RefusalData> = defineError({
  code: 'SOMON_GUARD_ISOLATED',
  when: 'A call is refused because an operator has isolated the dependency.',
  remedy: 'Lift the isolation: enable the guard again',
  message: ({ dependency }) =>
    `Cannot call "${dependency}": it is isolated; calls start again when that is lifted`,
})

export const guardTimeout: ErrorFactory<RefusalData & { readonly timeoutMs: number }> = defineError(
  {
    code: 'SOMON_GUARD_TIMEOUT',
    when: 'An attempt takes longer than the timeout of its guard, a call longer than its deadline, or an answer is silent for too long.',
    remedy: 'Raise timeoutMs of the dependency, or make it answer sooner',
    message: ({ dependency, timeoutMs, reason }) =>
      `Cannot finish the call of "${dependency}": it ${reason === 'body-idle' ? 'was silent for' : 'took'} longer than ${timeoutMs} ms; ${limitBehind(reason).name} allows no more`,
    fix: ({ reason }) => `Raise ${limitBehind(reason).setting}, or make it answer sooner`,
    retryable: true,
  },
)

export const guardFull: ErrorFactory<RefusalData> = defineError({
  code: 'SOMON_GUARD_FULL',
  when: 'As many calls run and wait as the bulkhead of the dependency admits.',
  remedy: 'Call less at once, or raise bulkhead.max or bulkhead.queue',
  message: ({ dependency, reason }) =>
    `Cannot call "${dependency}": its bulkhead is full (${reason}); a running call has to end first`,
  retryable: true,
})

export const guardRateLimited: ErrorFactory<RefusalData> = defineError({
  code: 'SOMON_GUARD_RATE_LIMITED',
  when: 'More calls start per second than the rate of the dependency admits.',
  remedy: 'Call less often, or raise rate.perSecond or rate.waitMs',
  message: ({ dependency }) =>
    `Cannot call "${dependency}": its rate is used up; calls start again with the next token`,
  retryable: true,
})

export const guardDisposed: ErrorFactory<RefusalData> = defineError({
  code: 'SOMON_GUARD_DISPOSED',
  when: 'A guard is used after its system or its owner has ended.',
  remedy: 'Make the call before shutdown(), or make a new ModuleSystem',
  message: ({ dependency }) =>
    `Cannot call "${dependency}": its guard has ended; it admits no more calls`,
})

export const guardNotAnExport: ErrorFactory<{
  readonly owner: string
  readonly dependency: string
  readonly field: string
}> = defineError({
  code: 'SOMON_GUARD_NOT_AN_EXPORT',
  when: 'A guard is to go on with a state that is not what another guard has exported.',
  remedy: 'Import what export() of a guard of this version returned, unchanged',
  message: ({ dependency, field }) =>
    `Cannot import the state of "${dependency}": its field "${field}" is not what export() writes; nothing was changed`,
})

export const notAFunction: ErrorFactory<{
  readonly owner: string
  readonly dependency: string
  readonly importer: string
  readonly specifier: string
  readonly name: string
  readonly reason: string
}> = defineError({
  code: 'SOMON_GUARD_NOT_A_FUNCTION',
  when: 'A package does not export a function that the declaration of its dependency puts behind a guard.',
  remedy: 'Name only functions that the package exports in the functions of the dependency',
  message: ({ dependency, specifier, name, reason }) =>
    `Cannot guard "${name}" of "${specifier}" as "${dependency}": ${reason}; a function is needed`,
})

/** What is said of a dependency does not go together, or can have no effect. */
export const guardSetting: ErrorFactory<{
  readonly dependency: string
  readonly setting: string
  readonly reason: string
}> = defineError({
  code: 'SOMON_GUARD_SETTING',
  when: 'Settings of a dependency contradict each other or cannot act on a dependency of its kind.',
  remedy: 'Correct the setting that the message names, or leave it out',
  message: ({ dependency, setting, reason }) =>
    `Cannot use ${setting} of the dependency "${dependency}": ${reason}`,
})

export const guardConflict: ErrorFactory<{ readonly dependency: string }> = defineError({
  code: 'SOMON_GUARD_CONFLICT',
  when: 'A guard is asked for by a name that has one already, with other options.',
  remedy: 'Give the options in one place and leave them out elsewhere, or choose another name',
  message: ({ dependency }) =>
    `Cannot give the guard of "${dependency}" these options: it has others already`,
})

export const guardUnknown: ErrorFactory<{
  readonly name: string
  readonly nearest: string | undefined
}> = defineError({
  code: 'SOMON_GUARD_UNKNOWN',
  when: 'A guard is named that does not exist; guards are made by their first call.',
  remedy: 'Name the id or the dependency of a guard that stats().guards lists',
  fix: ({ nearest }) =>
    nearest === undefined
      ? 'Name the id or the dependency of a guard that stats().guards lists'
      : `Write "${nearest}" if that is what was meant`,
  message: ({ name }) => `Cannot find the guard "${name}": nothing of that name was called yet`,
})

export const faultProxyOption: ErrorFactory<{
  readonly field: string
  readonly value: unknown
  readonly need: string
}> = defineError({
  code: 'SOMON_GUARD_PROXY_OPTION',
  when: 'An option or a fault of a fault proxy is not what it can be.',
  remedy: 'Give the fault proxy a value that fits, or leave the field out',
  message: ({ field, value, need }) =>
    `Cannot use ${field} ${printed(value)} for a fault proxy: expected ${need}`,
})

export const faultProxyEnded: ErrorFactory<{ readonly upstream: string }> = defineError({
  code: 'SOMON_GUARD_PROXY_ENDED',
  when: 'A fault proxy is set or healed after it was disposed.',
  remedy: 'Make a new proxy with createFaultProxy()',
  message: ({ upstream }) =>
    `Cannot change the fault before "${upstream}": its proxy has been disposed; it takes no more faults`,
})

/** What ended a call for lack of time, and where that is set. */
function limitBehind(reason: string): { readonly name: string; readonly setting: string } {
  if (reason === 'deadline') {
    return { name: 'the deadline of its caller', setting: 'deadlineMs of the call' }
  }
  const setting = reason === 'body-idle' ? 'bodyIdleMs' : 'timeoutMs'
  return { name: `guard.${setting}`, setting: `${setting} of the dependency` }
}

/** A value as JSON, or the kind of thing it is. */
function printed(value: unknown): string {
  if (value === undefined) return '(missing)'
  if (typeof value === 'number') return String(value)
  return typeof value === 'object'
    ? 'of this shape'
    : (JSON.stringify(value) ?? `(${typeof value})`)
}
