import { defineError, type ErrorFactory } from '../base/error.ts'

/** `clean` would delete something that is not an output. */
export const cleanRefused: ErrorFactory<{ folder: string; because: string }> = defineError({
  code: 'SOMON_SYSTEM_CLEAN_REFUSED',
  when: 'The output folder that is to be cleaned holds more than outputs.',
  remedy: 'Choose an output folder of its own with --outdir, or leave --clean out',
  message: ({ folder, because }) => `Cannot clean "${folder}": ${because}`,
})

/** A shutdown has a bound and one of its steps is still running at it. */
export const shutdownTimeout: ErrorFactory<{ step: string; timeoutMs: number }> = defineError({
  code: 'SOMON_SYSTEM_SHUTDOWN_TIMEOUT',
  when: 'A step of `shutdown({ timeoutMs })` is still running when the time is over.',
  remedy: 'Look for a dispose hook or a lease that never ends, or allow more time',
  message: ({ step, timeoutMs }) =>
    `Cannot end "${step}" in time: it is still running ${timeoutMs} ms after shutdown began`,
})

/** Types are to be checked and the project has no TypeScript of its own. */
export const typescriptMissing: ErrorFactory<{ root: string }> = defineError({
  code: 'SOMON_SYSTEM_TYPESCRIPT_MISSING',
  when: 'Types are to be checked and the package "typescript" is not installed in the project.',
  remedy: 'Run "npm install --save-dev typescript", or leave the types out',
  message: ({ root }) =>
    `Cannot check the types of "${root}": the package "typescript" is not installed there; its own compiler decides`,
})

export const pluginNotLoaded: ErrorFactory<{ name: string; reason: string }> = defineError({
  code: 'SOMON_SYSTEM_PLUGIN_NOT_LOADED',
  when: 'A plugin that the configuration names by its package cannot be imported or made.',
  remedy:
    'Install the package if it is missing; its default or only export has to be the function that makes the plugin',
  message: ({ name, reason }) => `Cannot use the plugin "${name}": ${reason}`,
})

export const pluginsNotReady: ErrorFactory<object> = defineError({
  code: 'SOMON_SYSTEM_PLUGINS_NOT_READY',
  when: 'A synchronous load comes before the plugins of the system have been imported.',
  remedy: 'Call "await system.ready()" once before the first loadSync()',
  message: () =>
    'Cannot load synchronously: the plugins of the system are not imported yet; importing them takes a promise',
})

export const rootMissing: ErrorFactory<{ root: string }> = defineError({
  code: 'SOMON_SYSTEM_ROOT_MISSING',
  when: 'The project root of a system does not exist or cannot be reached.',
  remedy: 'Set root to the folder of the project, or start in it',
  message: ({ root }) => `Cannot use the project root "${root}": there is no such folder`,
})
