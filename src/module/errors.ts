import { defineError, type ErrorFactory } from '../base/error.ts'
import { formatDuration } from '../base/units.ts'

export const moduleClosed: ErrorFactory<{ readonly module: string }> = defineError({
  code: 'SOMON_MODULE_CLOSED',
  when: 'A module is used after `dispose()`, or a system after `shutdown()`.',
  remedy: 'Load the module again, or make a new system after a shutdown',
  message: ({ module }) =>
    `Cannot use "${module}": it has been closed; a closed module or system serves no calls`,
})

export const verifyFailed: ErrorFactory<{ readonly module: string; readonly reason: string }> =
  defineError({
    code: 'SOMON_MODULE_VERIFY_FAILED',
    when: 'A check rejects a new generation before it serves: the caller’s `verify` or a plugin’s.',
    remedy: 'Mend what the check names, or change the check',
    message: ({ module, reason }) =>
      `Cannot accept the new code of "${module}": its check failed with "${reason}"; a generation serves only after every check passed`,
  })

export const verifyTimeout: ErrorFactory<{
  readonly module: string
  readonly timeoutMs: number
}> = defineError({
  code: 'SOMON_MODULE_VERIFY_TIMEOUT',
  when: 'A check of a new generation takes longer than `loading.verifyTimeoutMs`.',
  remedy: 'Make the check faster, or raise loading.verifyTimeoutMs',
  message: ({ module, timeoutMs }) =>
    `Cannot accept the new code of "${module}": its check is still running after ${formatDuration(timeoutMs)}; a check has to settle in that time`,
})

export const loadTimeout: ErrorFactory<{ readonly module: string; readonly timeoutMs: number }> =
  defineError({
    code: 'SOMON_MODULE_LOAD_TIMEOUT',
    when: 'A load takes longer than its `timeoutMs` or `loading.timeoutMs`.',
    remedy:
      'Raise loading.timeoutMs, or look with "somon explain" at what the build spends its time on',
    message: ({ module, timeoutMs }) =>
      `Cannot load "${module}": it is not ready after ${formatDuration(timeoutMs)}; resolve, build and evaluation together have to end in that time`,
    retryable: true,
  })

export const restoreFailed: ErrorFactory<{ readonly module: string; readonly reason: string }> =
  defineError({
    code: 'SOMON_MODULE_RESTORE_FAILED',
    when: 'A module that listens is reloaded, its new code fails, and its old code fails as well when it starts again.',
    remedy: 'Mend the module or what it needs to start, and save it: the next reload starts it',
    message: ({ module, reason }) =>
      `Cannot go on with the old code of "${module}": it failed to start again with "${reason}"; nothing serves until a reload succeeds`,
  })

export const syncRefused: ErrorFactory<{ readonly module: string }> = defineError({
  code: 'SOMON_MODULE_SYNC_REFUSED',
  when: 'A synchronous load is asked of a system with a plugin that decides before each load.',
  remedy: 'Use await load(): the plugin may need a promise to decide',
  message: ({ module }) =>
    `Cannot load "${module}" synchronously: a plugin decides before each load; it has to be asked`,
})
